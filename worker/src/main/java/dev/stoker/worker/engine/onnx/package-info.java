/**
 * Sentence embeddings computed in the worker's own process by ONNX Runtime, on the CPU or a GPU.
 *
 * <p>A request's way: {@link dev.stoker.worker.engine.onnx.OnnxEngine#complete} parses it on the
 * caller's virtual thread and hands its texts to the {@code MicroBatcher}; one of the batcher's
 * platform threads cuts a text into tokens, which puts it among the {@code PendingTexts}; one takes
 * it from there with others of its length and runs the {@code SentenceModel}; when a request's last
 * vector is there, the caller wakes and writes the reply.
 *
 * <p>Why it is built so, with the figures of two cores:
 *
 * <ul>
 *   <li>Every native call, of the tokenizer too, runs on the batcher's threads. A native call holds
 *       its carrier, so that a thousand virtual threads in the tokenizer would stop everything else
 *       that is virtual in the worker, the heartbeat included; and more threads than cores only
 *       take time from each other.
 *   <li>A micro-batch holds texts of one length in tokens. Padding costs what it pads: sorted texts
 *       run 2 to 3 times as fast as mixed ones.
 *   <li>Batches are small. A core is busy from about 200 tokens a batch; beyond, the working set
 *       leaves the cache and throughput falls. Long texts therefore run alone.
 *   <li>No thread waits for a batch to fill; while all are busy, texts collect by themselves.
 *   <li>Tokenizing comes before running, as long as the pool is small, because the choice among
 *       lengths is what fills batches.
 * </ul>
 *
 * <p>Decisions: {@code prompt_tokens} counts the tokens that were run: after truncation and with
 * the two special tokens that enclose a text; OpenAI's reply has no place for how many were left
 * out. Token ids sent by a client are run as they are, with no special tokens added, and must be
 * ids of the model's own vocabulary. A fp32 vector does not depend on what it was batched with; a
 * quantized one does, by about 0.01, because activations are quantized over the whole batch. {@code
 * dimensions} is refused unless it is the model's own: a part of a vector means something only of
 * models that were trained for it.
 *
 * <p>What is inflated and optimized is the same at every start, and took most of it: {@code
 * EngineFiles} keeps it unpacked. That is for the models that come with Stoker: a user's file is
 * optimized at each start, and so is what runs on a GPU, for which other things are fused.
 *
 * <p>Pitfalls: JNA, by which the tokenizer looks for GPUs, unpacks a small library into the
 * temporary directory at each start. Left alone, the tokenizer would report its start to its makers
 * on some clouds; it is kept offline.
 */
package dev.stoker.worker.engine.onnx;
