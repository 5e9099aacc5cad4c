// Drives a running Stoker with the official OpenAI SDK, as a client would, nothing changed but the base URL:
//   OPENAI_BASE_URL=http://127.0.0.1:4080/v1 OPENAI_API_KEY=any node --test
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import OpenAI, { BadRequestError, ConflictError, NotFoundError, toFile } from 'openai';

const MODEL = 'all-minilm-l6-v2';
const ENDPOINT = '/v1/embeddings';
const DIMENSIONS = 384;
const ENDED = ['completed', 'failed', 'expired', 'cancelled'];
const PATIENCE_MS = Number(process.env.STOKER_TEST_PATIENCE_MS ?? 120_000);

/** Every HTTP call that the SDK makes, so that tests can count its retries. */
const calls = [];
const countingFetch = (url, init) => {
  calls.push(`${init?.method ?? 'GET'} ${new URL(url).pathname}`);
  return fetch(url, init);
};

const client = new OpenAI({
  baseURL: process.env.OPENAI_BASE_URL,
  apiKey: process.env.OPENAI_API_KEY ?? 'any',
  fetch: countingFetch,
});
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stoker-node-'));
const uploaded = [];

before(() => assert.ok(process.env.OPENAI_BASE_URL, 'set OPENAI_BASE_URL to the server under test, e.g. http://127.0.0.1:4080/v1'));
after(async () => {
  fs.rmSync(folder, { recursive: true, force: true });
  for (const id of uploaded) await client.files.delete(id).catch(() => {});
});

const request = (customId, input) => ({ custom_id: customId, method: 'POST', url: ENDPOINT, body: { model: MODEL, input } });
const requests = (count, prefix) =>
  Array.from({ length: count }, (_, i) => request(`${prefix}-${i}`, `Sentence number ${i} about ${prefix}, naïve and plain.`));
const jsonl = (lines) => lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)) + '\n').join('');
const parse = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
const sorted = (values) => [...values].sort();
const customIds = (lines) => sorted(lines.map((line) => line.custom_id));

async function upload(content, name = 'input.jsonl') {
  const file = await client.files.create({ file: await toFile(Buffer.from(content), name), purpose: 'batch' });
  uploaded.push(file.id);
  return file;
}

const create = (file, more = {}) =>
  client.batches.create({ input_file_id: file.id, endpoint: ENDPOINT, completion_window: '24h', ...more });

/** Polls until the batch has ended; checks on the way that the counts add up and no file shows too early. */
async function ended(id) {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await pause(100)) {
    const batch = await client.batches.retrieve(id);
    const { total, completed, failed } = batch.request_counts;
    assert.ok(completed + failed <= total, `counts exceed the total: ${JSON.stringify(batch.request_counts)}`);
    if (ENDED.includes(batch.status)) return batch;
    assert.equal(batch.output_file_id, null, `an output file while ${batch.status}`);
    assert.equal(batch.error_file_id, null, `an error file while ${batch.status}`);
  }
  assert.fail(`batch ${id} did not end within ${PATIENCE_MS} ms: ${JSON.stringify(await client.batches.retrieve(id))}`);
}

const linesOf = async (fileId) => (fileId ? parse(await (await client.files.content(fileId)).text()) : []);

/** Runs what must be refused; answers the error and how many HTTP calls it took. */
async function refused(kind, action) {
  const before = calls.length;
  let thrown;
  await assert.rejects(action, (error) => {
    thrown = error;
    return true;
  });
  assert.ok(thrown instanceof kind, `expected ${kind.name}, got ${thrown.constructor.name}: ${thrown.message}`);
  assert.equal(thrown.type, 'invalid_request_error');
  assert.ok(thrown.requestID, 'an x-request-id');
  return { error: thrown, sent: calls.length - before };
}

test('a file uploaded as a chunked stream is stored byte for byte', async () => {
  const content = jsonl(requests(300, 'streamed'));
  const source = path.join(folder, 'streamed.jsonl');
  fs.writeFileSync(source, content);

  const file = await client.files.create({ file: fs.createReadStream(source), purpose: 'batch' });
  uploaded.push(file.id);

  assert.match(file.id, /^file-/);
  assert.equal(file.object, 'file');
  assert.equal(file.filename, 'streamed.jsonl');
  assert.equal(file.purpose, 'batch');
  assert.equal(file.bytes, Buffer.byteLength(content));
  assert.ok(Number.isInteger(file.created_at));
  assert.ok(file.expires_at > file.created_at);
  const processed = await client.files.waitForProcessing(file.id);
  assert.equal(processed.status, 'processed');
  assert.equal(await (await client.files.content(file.id)).text(), content);
});

test('a file uploaded from memory is retrieved, downloaded and deleted', async () => {
  const content = jsonl(requests(3, 'buffered'));
  const file = await upload(content, 'buffered.jsonl');

  assert.deepEqual(await client.files.retrieve(file.id), file);
  assert.equal(await (await client.files.content(file.id)).text(), content);

  const deleted = await client.files.delete(file.id);
  assert.deepEqual({ ...deleted }, { id: file.id, object: 'file', deleted: true });
  const { error } = await refused(NotFoundError, () => client.files.retrieve(file.id));
  assert.equal(error.param, 'id');
  await refused(NotFoundError, () => client.files.content(file.id));
  await refused(NotFoundError, () => client.files.delete(file.id));
});

test('expires_after is read from the bracketed form fields', async () => {
  const file = await client.files.create({
    file: await toFile(Buffer.from(jsonl(requests(1, 'short'))), 'short.jsonl'),
    purpose: 'batch',
    expires_after: { anchor: 'created_at', seconds: 3600 },
  });
  uploaded.push(file.id);
  assert.equal(file.expires_at, file.created_at + 3600);
});

test('an upload of an unknown purpose is refused', async () => {
  const file = await toFile(Buffer.from(jsonl(requests(1, 'x'))), 'x.jsonl');
  const { sent } = await refused(BadRequestError, () => client.files.create({ file, purpose: 'nonsense' }));
  assert.equal(sent, 1);
});

test('the files list pages through everything, newest first, each once', async () => {
  const mine = [];
  for (let i = 0; i < 5; i++) mine.push((await upload(jsonl(requests(1, `page${i}`)), `page${i}.jsonl`)).id);

  const seen = [];
  for await (const file of client.files.list({ purpose: 'batch', limit: 2 })) {
    seen.push(file.id);
    if (mine.every((id) => seen.includes(id))) break;
  }
  assert.equal(new Set(seen).size, seen.length, 'a file was listed twice');
  assert.deepEqual(seen.filter((id) => mine.includes(id)), [...mine].reverse());
});

test('a batch completes and its output holds every line once', async () => {
  const lines = requests(300, 'done');
  const file = await upload(jsonl(lines));
  const batch = await create(file, { metadata: { purpose: 'node test' } });
  assert.match(batch.id, /^batch_/);
  assert.equal(batch.object, 'batch');
  assert.equal(batch.endpoint, ENDPOINT);
  assert.equal(batch.input_file_id, file.id);
  assert.equal(batch.completion_window, '24h');
  assert.equal(batch.expires_at, batch.created_at + 86400);
  assert.deepEqual(batch.metadata, { purpose: 'node test' });

  const end = await ended(batch.id);
  assert.equal(end.status, 'completed', JSON.stringify(end.errors));
  assert.deepEqual(end.request_counts, { total: 300, completed: 300, failed: 0 });
  assert.equal(end.error_file_id, null);
  assert.equal(end.errors, null);
  for (const time of ['in_progress_at', 'finalizing_at', 'completed_at']) assert.ok(Number.isInteger(end[time]), time);
  assert.equal(end.usage.total_tokens, end.usage.input_tokens + end.usage.output_tokens);
  assert.ok(end.usage.input_tokens > 300);

  const output = await linesOf(end.output_file_id);
  assert.deepEqual(customIds(output), customIds(lines));
  for (const line of output) {
    assert.equal(line.error, null);
    assert.equal(line.response.status_code, 200);
    assert.equal(line.response.body.model, MODEL);
    assert.equal(line.response.body.data[0].embedding.length, DIMENSIONS);
  }
  const result = await client.files.retrieve(end.output_file_id);
  assert.equal(result.purpose, 'batch_output');
  assert.equal(result.bytes, (await (await client.files.content(result.id)).arrayBuffer()).byteLength);

  const { error, sent } = await refused(ConflictError, () => client.batches.cancel(batch.id));
  assert.equal(sent, 1, 'x-should-retry: false keeps the SDK from asking again');
  assert.match(error.message, /completed/);
});

test('a line that the engine refuses goes to the error file, the others to the output file', async () => {
  const lines = [request('good-1', 'one'), request('bad', { not: 'an input' }), request('good-2', 'two')];
  const end = await ended((await create(await upload(jsonl(lines)))).id);
  assert.equal(end.status, 'completed');
  assert.deepEqual(end.request_counts, { total: 3, completed: 2, failed: 1 });
  assert.deepEqual(customIds(await linesOf(end.output_file_id)), ['good-1', 'good-2']);
  const [failed, ...more] = await linesOf(end.error_file_id);
  assert.equal(more.length, 0);
  assert.equal(failed.custom_id, 'bad');
  assert.equal(failed.error, null);
  assert.equal(failed.response.status_code, 400);
  assert.equal(failed.response.body.error.type, 'invalid_request_error');
});

test('a file with bad lines makes a failed batch that names every line', async () => {
  const lines = [request('same', 'a'), '{"custom_id": broken', request('same', 'b'), { custom_id: 'c', method: 'POST', url: ENDPOINT }];
  const end = await ended((await create(await upload(jsonl(lines)))).id);
  assert.equal(end.status, 'failed');
  assert.ok(Number.isInteger(end.failed_at));
  assert.equal(end.output_file_id, null);
  assert.equal(end.error_file_id, null);
  assert.equal(end.errors.object, 'list');
  assert.deepEqual(
    end.errors.data.map(({ code, line }) => `${line} ${code}`).sort(),
    ['2 invalid_json_line', '3 duplicate_custom_id', '4 missing_required_parameter'],
  );
});

test('a batch of an unknown input file is created and fails', async () => {
  const end = await ended((await create({ id: 'file-doesnotexist00000000000' })).id);
  assert.equal(end.status, 'failed');
  assert.equal(end.errors.data[0].code, 'invalid_request');
  assert.equal(end.errors.data[0].param, 'file_id');
});

test('bad parameters are refused with code and param, in one call', async () => {
  const file = await upload(jsonl(requests(1, 'params')));
  const expected = [
    [() => create(file, { endpoint: '/v1/nonsense' }), 'endpoint', 'invalid_value'],
    [() => create(file, { completion_window: 'soon' }), 'completion_window', 'invalid_value'],
    [() => create(file, { input_file_id: undefined }), 'input_file_id', 'missing_required_parameter'],
    [() => create(file, { metadata: { tags: ['a'] } }), 'metadata.tags', 'invalid_type'],
    [() => client.batches.list({ limit: 101 }), 'limit', 'integer_above_max_value'],
    [() => client.batches.list({ limit: 0 }), 'limit', 'integer_below_min_value'],
  ];
  for (const [action, param, code] of expected) {
    const { error, sent } = await refused(BadRequestError, action);
    assert.deepEqual({ param: error.param, code: error.code, sent }, { param, code, sent: 1 }, error.message);
  }
});

test('an unknown batch is not found', async () => {
  const { sent } = await refused(NotFoundError, () => client.batches.retrieve('batch_00000000000000000000000000000000'));
  assert.equal(sent, 1);
  await refused(NotFoundError, () => client.batches.cancel('batch_00000000000000000000000000000000'));
});

test('the batches list pages by two over five batches, newest first, each once', async () => {
  const file = await upload(jsonl(requests(1, 'listed')));
  const mine = [];
  for (let i = 0; i < 5; i++) mine.push((await create(file)).id);

  const seen = [];
  for await (const batch of client.batches.list({ limit: 2 })) {
    seen.push(batch.id);
    if (mine.every((id) => seen.includes(id))) break;
  }
  assert.equal(new Set(seen).size, seen.length, 'a batch was listed twice');
  assert.deepEqual(seen.filter((id) => mine.includes(id)), [...mine].reverse());

  const page = await client.batches.list({ limit: 2, after: mine[4] });
  assert.deepEqual(page.data.map(({ id }) => id), [mine[3], mine[2]]);
  assert.equal(page.has_more, true);
  for (const id of mine) await ended(id);
});

async function untilSomeDone(id) {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await pause(50)) {
    if ((await client.batches.retrieve(id)).request_counts.completed > 0) return;
  }
  assert.fail(`batch ${id} finished no line within ${PATIENCE_MS} ms`);
}

for (const when of ['at once', 'while it runs']) {
  test(`a batch cancelled ${when} keeps what was done and reports the rest, each line once`, async () => {
    const lines = requests(3000, 'cancelled');
    const batch = await create(await upload(jsonl(lines)));
    if (when === 'while it runs') await untilSomeDone(batch.id);
    const answer = await client.batches.cancel(batch.id);
    assert.ok(['cancelling', 'cancelled'].includes(answer.status), answer.status);

    const end = await ended(batch.id);
    assert.equal(end.status, 'cancelled');
    assert.ok(Number.isInteger(end.cancelled_at));
    const done = await linesOf(end.output_file_id);
    const rest = await linesOf(end.error_file_id);
    assert.deepEqual(customIds([...done, ...rest]), customIds(lines));
    assert.deepEqual(end.request_counts, { total: 3000, completed: done.length, failed: rest.length });
    assert.ok(rest.length > 0 && (when === 'at once' || done.length > 0), `${done.length} done, ${rest.length} not`);
    for (const line of rest) {
      assert.equal(line.response, null);
      assert.equal(line.error.code, 'batch_cancelled');
    }
    assert.equal((await client.batches.cancel(batch.id)).status, 'cancelled', 'cancel again changes nothing');
  });
}

test('the models list names what the workers serve', async () => {
  const models = [];
  for await (const model of client.models.list()) models.push(model);
  const served = models.find(({ id }) => id === MODEL);
  assert.ok(served, `${MODEL} is not among ${models.map(({ id }) => id)}`);
  assert.equal(served.object, 'model');
  assert.equal((await client.models.retrieve(MODEL)).id, MODEL);
});
