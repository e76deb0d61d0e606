// The smallest worker that keeps the protocol: it takes its assignment and succeeds. With HOLD in its name it waits for its end.
const holds = process.argv[1]?.includes('hold');
const send = (message) => new Promise((resolve) => process.send(message, resolve));
const result = {
  organisationId: '00D5g000004AcMeEAK',
  userId: '005000000000001AAA',
  username: 'bench@acme.example',
  instanceUrl: 'http://127.0.0.1',
  apiVersion: '65.0',
};

process.on('message', async (message) => {
  if (message.type === 'assignment' && !holds) {
    const outcome = { state: 'succeeded', result };
    const body = { kind: 'outcome', outcome };
    await send({ type: 'report', attempt: message.attempt, number: 1, body });
  }
  if (message.type === 'acknowledged' || message.type === 'cancel') process.disconnect();
});
await send({ type: 'ready' });
