package dev.stoker.api.models;

import dev.stoker.api.error.ApiErrors;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

/** Lists and shows models, and lets quarantined ones be tried again. */
@RestController
final class ModelsController {
  private static final String RESET = "/reset";

  /** All models; there are no pages. */
  record ModelList(String object, List<ModelObject> data) {}

  private final Models models;

  ModelsController(Models models) {
    this.models = models;
  }

  @GetMapping({"/v1/models", "/models"})
  ModelList list() {
    return new ModelList("list", models.all());
  }

  /** The rest of the path, since many a model's name has a slash. */
  @GetMapping({"/v1/models/{*id}", "/models/{*id}"})
  ModelObject get(@PathVariable String id) {
    return named(id.substring(1));
  }

  /** Ends with {@code /reset}, after a name that may have slashes too. */
  @PostMapping({"/v1/models/{*path}", "/models/{*path}"})
  ModelObject reset(@PathVariable String path, HttpServletRequest request) {
    if (!path.endsWith(RESET) || path.length() <= RESET.length() + 1) {
      throw ApiErrors.wrongMethod(request.getMethod(), request.getRequestURI(), List.of("GET"));
    }
    String id = path.substring(1, path.length() - RESET.length());
    ModelObject before = named(id);
    if (!models.reset(id)) {
      throw ApiErrors.nothingToReset(id, before.state());
    }
    return models.find(id).orElse(before);
  }

  private ModelObject named(String id) {
    return models.find(id).orElseThrow(() -> ApiErrors.noSuchModel(id));
  }
}
