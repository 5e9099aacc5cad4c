/**
 * Any server that speaks OpenAI's API: vLLM, SGLang, llama-server, TEI, Ollama, a router in front
 * of many; one that is there, or one that Stoker starts.
 *
 * <p>Bodies and answers pass byte for byte. What the server does is told by its {@code /health},
 * its {@code /v1/models} and, where it has them, its {@code /metrics}: how much it takes, and
 * whether it still moves while it answers nothing. A green {@code /health} alone proves little, as
 * a frozen vLLM shows (vllm-project/vllm 36451).
 *
 * <p>Decisions stand in classes without effects: {@code ConcurrencyLimit}, {@code Stillness},
 * {@code RequestDeadline}.
 */
package dev.stoker.worker.engine.openai;
