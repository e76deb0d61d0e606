import { relative } from 'node:path';
import type { SourceComponent } from '@salesforce/source-deploy-retrieve';

/** Files of components, relative to the root of the source code: Salesforce names a failing file as it lies in the zip, which nobody has. */
export type Places = ReadonlyMap<string, string>;

export function placeKey(type: string, fullName: string): string {
  return `${type}:${fullName}`;
}

export function placesOf(components: Iterable<SourceComponent>, root: string): Places {
  const places = new Map<string, string>();
  for (const component of components) {
    for (const one of [component, ...component.getChildren()]) {
      const file = one.content ?? one.xml;
      if (file !== undefined) places.set(placeKey(one.type.name, one.fullName), relative(root, file));
    }
  }
  return places;
}
