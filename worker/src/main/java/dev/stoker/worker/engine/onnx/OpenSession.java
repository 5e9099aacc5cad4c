package dev.stoker.worker.engine.onnx;

import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;

/**
 * A session of ONNX Runtime.
 *
 * @param weights kept as long as the session, which may read them where they lie
 * @param device for people: what it runs on, and why
 */
record OpenSession(OrtSession session, ByteBuffer weights, String device) {}
