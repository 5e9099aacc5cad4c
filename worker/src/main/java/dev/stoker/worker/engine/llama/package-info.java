/**
 * Text and vectors from any GGUF file, computed in the worker's own process by llama.cpp, on the
 * CPU.
 *
 * <p>A request's way: {@link dev.stoker.worker.engine.llama.LlamaEngine#complete} reads it on the
 * caller's virtual thread, makes a {@code Job} of each prompt and answer, and waits. The one {@code
 * ModelThread} begins a job as soon as a {@code Sequence} is free, and computes one batch after
 * another: a token of every answer, and as much of the new prompts as there is room for. An answer
 * that ends makes room at once; none waits for another.
 *
 * <p>Decisions:
 *
 * <ul>
 *   <li>The library is the one in the jar {@code de.kherud:llama}; its C functions are called
 *       directly, through JNA. The Java binding in that jar is made for one user at a keyboard: its
 *       {@code close} frees no memory, so that models could not be swapped; a template or a schema
 *       that it does not like ends the process, so that one line could take the worker along; it
 *       tells neither why an answer ended nor how many tokens it had; it deletes files of other
 *       programs from the temporary directory. Tests hold our answers against the binding's.
 *   <li>The model's chat template is applied by llama.cpp's C interface, which knows some thirty
 *       templates and tells them by their marks; it runs no Jinja. A file with any other does not
 *       chat, and says so in each answer.
 *   <li>A JSON schema becomes a grammar here; what the grammar cannot enforce is refused.
 *   <li>Without a seed answers differ; with one, or at temperature 0, they are the same again, as
 *       far as sums of floats in batches of other sizes are.
 *   <li>Penalties look at what was generated, not at the prompt.
 *   <li>The tokens of a finished answer stay in the cache until another needs the place: a prompt
 *       that begins as an earlier one costs only its rest. {@code cached_tokens} tells.
 *   <li>A model's vectors are pooled here, since llama.cpp's own mean ends the process for models
 *       that were made to write.
 * </ul>
 *
 * <p>Pitfalls: the library needs {@code libgomp.so.1}. It was built in March 2025: newer kinds of
 * models do not load. What it takes for a mistake of its own ends the process; the lines in flight
 * get a strike, as with any engine that dies.
 */
package dev.stoker.worker.engine.llama;
