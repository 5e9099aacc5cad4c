package dev.stoker.api.batches;

import dev.stoker.api.error.ApiErrors;
import dev.stoker.api.http.ListPage;
import dev.stoker.api.http.QueryParameters;
import dev.stoker.batch.BatchId;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Batches over HTTP. */
@RestController
final class BatchesController {
  private static final int PAGE = 20;
  private static final int PAGE_MAX = 100;
  private static final int BODY_BYTES_MAX = 1 << 20;

  private final BatchCommands commands;
  private final BatchRepository batches;
  private final BatchViews views;
  private final CreationGroups creations;
  private final BatchWakes wakes;
  private final JsonMapper json;

  BatchesController(
      BatchCommands commands,
      BatchRepository batches,
      BatchViews views,
      CreationGroups creations,
      BatchWakes wakes,
      JsonMapper json) {
    this.commands = commands;
    this.batches = batches;
    this.views = views;
    this.creations = creations;
    this.wakes = wakes;
    this.json = json;
  }

  @PostMapping({"/v1/batches", "/batches"})
  BatchObject create(HttpServletRequest request) throws IOException {
    CreateBatch wanted = CreateBatch.of(body(request));
    Optional<BatchRow> before = isRetry(request) ? commands.madeBefore(wanted) : Optional.empty();
    if (before.isPresent()) {
      return views.of(before.get());
    }
    return views.of(creations.create(wanted));
  }

  /** Read by hand, since what a client says of its type does not matter. */
  private JsonNode body(HttpServletRequest request) throws IOException {
    byte[] bytes = request.getInputStream().readNBytes(BODY_BYTES_MAX + 1);
    if (bytes.length > BODY_BYTES_MAX) {
      throw ApiErrors.bodyTooLarge(BODY_BYTES_MAX);
    }
    try {
      return json.readTree(bytes);
    } catch (JacksonException e) {
      throw ApiErrors.unparseableBody();
    }
  }

  /** OpenAI's SDKs count their tries, which is the only way to know one. */
  private static boolean isRetry(HttpServletRequest request) {
    String count = request.getHeader("X-Stainless-Retry-Count");
    return count != null && !count.isBlank() && !count.strip().equals("0");
  }

  @GetMapping({"/v1/batches", "/batches"})
  ListPage<BatchObject> list(
      @RequestParam(required = false) String after, @RequestParam(required = false) String limit) {
    int size = QueryParameters.limit(limit, PAGE, PAGE_MAX);
    UUID before =
        QueryParameters.after(after, text -> BatchId.parse(text).map(BatchId::value))
            .orElse(QueryParameters.ID_MAX);
    List<BatchRow> rows = batches.newestFirst(before, size + 1);
    return ListPage.of(views.of(rows), size, BatchObject::id);
  }

  @GetMapping({"/v1/batches/{id}", "/batches/{id}"})
  BatchObject get(@PathVariable String id) {
    return BatchId.parse(id)
        .flatMap(batch -> batches.findById(batch.value()))
        .map(views::of)
        .orElseThrow(() -> ApiErrors.noSuchBatch(id));
  }

  /** Its body is nobody's business: some SDKs send a content type and nothing else. */
  @PostMapping({"/v1/batches/{id}/cancel", "/batches/{id}/cancel"})
  BatchObject cancel(@PathVariable String id) {
    BatchRow row = commands.cancel(id);
    wakes.cancelled();
    return views.of(row);
  }
}
