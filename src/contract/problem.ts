import { type Static, Type } from 'typebox';

/** RFC 9457, with our stable `code` and the next step as `hint`. */
export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  code: Type.String(),
  hint: Type.String(),
});
export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

export type Problem = Static<typeof Problem>;
