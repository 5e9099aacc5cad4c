package dev.stoker.api.models;

import dev.stoker.api.error.ApiErrors;
import java.util.List;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** Lists and shows models. */
@RestController
final class ModelsController {

  /** All models; there are no pages. */
  record ModelList(String object, List<ModelObject> data) {}

  private final ModelTable models;

  ModelsController(ModelTable models) {
    this.models = models;
  }

  @GetMapping({"/v1/models", "/models"})
  ModelList list() {
    return new ModelList("list", models.all());
  }

  /** The rest of the path, since many a model's name has a slash. */
  @GetMapping({"/v1/models/{*id}", "/models/{*id}"})
  ModelObject get(@PathVariable String id) {
    String name = id.substring(1);
    return models.all().stream()
        .filter(model -> model.id().equals(name))
        .findFirst()
        .orElseThrow(() -> ApiErrors.noSuchModel(name));
  }
}
