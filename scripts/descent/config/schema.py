"""Keys of config.yaml, as pydantic models.

Options of a model, an update rule or a schedule are the default arguments of its function. In
config.yaml they are keys like the others; the models gather them in <kind>_options.
"""

from collections import Counter
from collections.abc import Mapping
from itertools import chain
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from descent.datasets._table import Table
from descent.engines import REQUIREMENTS as ENGINES
from descent.evaluation import EVALUATORS
from descent.figures import FIGURES
from descent.plugins import available, options
from descent.run import FULL, SHUFFLED, WITH_REPLACEMENT

MAX_SEEDS = 10_000
NAME = r"^[a-z][a-z0-9_]{0,60}$"  # of a study or an optimizer

# other names of keys and values, for "did you mean"
SYNONYMS = {
    **dict.fromkeys(("lr", "lrs", "learning_rate", "learning_rates", "alpha"), "step_sizes"),
    **dict.fromkeys(("weight_decay", "lambda", "regularization", "penalty"), "l2"),
    **dict.fromkeys(("batch", "minibatch", "mini_batch"), "batch_size"),
    **dict.fromkeys(("holdout", "hold_out", "val"), "validation"),
    **dict.fromkeys(("init", "start"), "initial"),
    **dict.fromkeys(("rule", "method"), "update_rule"),
    **dict.fromkeys(("net", "network"), "model"),
    **dict.fromkeys(("replicates", "repeats"), "seeds"),
    **dict.fromkeys(("eval_every", "log_every"), "evaluate_every"),
    **dict.fromkeys(("replacement", "iid", "bootstrap"), WITH_REPLACEMENT),
    **dict.fromkeys(("permutation", "reshuffling"), SHUFFLED),
    **dict.fromkeys(("passes", "max_epochs"), "epochs"),
    **{"precision": "dtype", "data": "dataset", "plots": "figures", "backend": "engine"},
    **{"1/t": "inverse_time", "step_decay": "halving", "label": "target", "y": "target"},
    **{"normalise": "standardise", "standardize": "standardise", "random_state": "split_seed"},
}
TAGS = ("a step size", "a grid", "a dataset", "a table")  # pydantic's tags of unions


class OptionError(ValueError):
    """An invalid option, with arguments (name, value found, message)."""


def _no_bool(value: Any) -> Any:
    """Reject booleans, which pydantic would convert to 0 and 1 (YAML reads yes as true)."""
    if isinstance(value, bool):
        raise ValueError("a number")
    return value


Count = Annotated[int, Field(strict=True, ge=1, lt=2**63)]
CountOrZero = Annotated[int, Field(strict=True, ge=0, lt=2**63)]


def _real(**limits: float) -> Any:
    """Return the type of finite numbers within limits."""
    return Annotated[float, Field(allow_inf_nan=False, **limits), BeforeValidator(_no_bool)]


StepSize = _real(gt=0, lt=1e100)  # matplotlib cannot draw an axis with larger values
Name = Annotated[str, Field(pattern=NAME)]


class Keys(BaseModel):
    """Base of the models; unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Grid(Keys):
    """Step sizes evenly spaced on a logarithmic axis, rounded to three significant digits."""

    first: StepSize = Field(alias="from", description="first step size")
    last: StepSize = Field(alias="to", description="last step size")
    per_decade: Annotated[int, Field(strict=True, ge=1, le=1000)] = Field(
        description="number of step sizes per factor of ten; doubling it keeps the existing ones"
    )

    @model_validator(mode="after")
    def _ascending(self) -> "Grid":
        if self.first >= self.last:
            raise ValueError(f"from less than to ({self.last:g})")
        return self

    def values(self) -> list[float]:
        """Return first, rounded first · 10^(k / per_decade) < last for k = 1, 2, …, and last."""
        values, k = [self.first], 1
        while True:
            exact = self.first * 10 ** (k / self.per_decade)
            rounded = float(f"{exact:.3g}")
            if max(exact, rounded) >= self.last * (1 - 1e-9):  # tolerance for rounding errors
                return [*values, self.last]
            values.append(rounded)
            k += 1


_Element = Annotated[
    Annotated[StepSize, Tag("a step size")] | Annotated[Grid, Tag("a grid")],
    Discriminator(lambda v: "a grid" if isinstance(v, Mapping | Grid) else "a step size"),
]


def _distinct(values: tuple) -> tuple:
    repeated = [value for value, count in Counter(values).items() if count > 1]
    if repeated:
        raise ValueError(f"distinct values, but {repeated[0]} is repeated")
    return values


def _expand_grids(elements: tuple) -> tuple[float, ...]:
    values = [e.values() if isinstance(e, Grid) else [e] for e in elements]
    return _distinct(tuple(chain.from_iterable(values)))


def _nonempty(kind: Any) -> Any:
    """Return the type of nonempty lists of a type."""
    return Annotated[list[kind], Field(min_length=1)]


def _grid_or_list(value: Any) -> Any:
    return [value] if isinstance(value, Mapping) else value


def _number_or_list(value: Any) -> Any:
    return list(range(min(_no_bool(value), MAX_SEEDS + 1))) if isinstance(value, int) else value


StepSizes = Annotated[
    tuple[_Element, ...],
    Field(min_length=1),
    BeforeValidator(_grid_or_list, json_schema_input_type=_nonempty(_Element) | Grid),
    AfterValidator(_expand_grids),
]
Seeds = Annotated[
    tuple[CountOrZero, ...],
    Field(min_length=1, max_length=MAX_SEEDS),
    BeforeValidator(_number_or_list, json_schema_input_type=_nonempty(CountOrZero) | Count),
    AfterValidator(_distinct),
]


def option_kind(default: Any) -> Any:
    """Return the type of an option: a boolean, a count, a number in [0, 1), or a number > 0.

    The default decides: True or False, an integer, a number below 1, or another number.
    """
    if isinstance(default, bool):
        return Annotated[bool, Field(strict=True)]
    if isinstance(default, int):
        return Count
    return _real(ge=0, lt=1) if default < 1 else _real(gt=0)


class WithOptions(Keys):
    """Base of models with keys that select a file with options."""

    # {key: (folder of the files, field that gathers the options)}
    CHOICES: ClassVar[Mapping[str, tuple[str, str]]] = {}

    @model_validator(mode="before")
    @classmethod
    def _gather_options(cls, keys: Any) -> Any:
        """Move the options of the selected files into <kind>_options."""
        if not isinstance(keys, Mapping):
            return keys
        keys = dict(keys)
        for key, (folder, gathered) in cls.CHOICES.items():
            chosen = keys.get(key, cls.model_fields[key].default)
            if chosen in available(folder):
                keys[gathered] = {n: keys.pop(n) for n in options(folder, chosen) if n in keys}
            else:  # report only the invalid name, not the options in addition
                for option in (o for name in available(folder) for o in options(folder, name)):
                    keys.pop(option, None)
        return keys

    @field_validator("model_options", "update_options", "schedule_options", check_fields=False)
    @classmethod
    def _check_options(cls, found: dict, info: Any) -> dict:
        """Check options and add the defaults of the others; OptionError for an invalid value."""
        choices = {gathered: (key, folder) for key, (folder, gathered) in cls.CHOICES.items()}
        key, folder = choices[info.field_name]
        checked = options(folder, info.data[key]) if key in info.data else {}
        for name, value in found.items():
            try:
                checked[name] = TypeAdapter(option_kind(checked[name])).validate_python(value)
            except ValidationError as error:
                raise OptionError(name, value, error.errors()[0]["msg"]) from None
        return checked


class Optimizer(WithOptions):
    """A named optimizer: an update rule, a batch size, a number of epochs, and step sizes."""

    CHOICES: ClassVar = {
        "update_rule": ("update_rules", "update_options"),
        "schedule": ("schedules", "schedule_options"),
    }

    step_sizes: StepSizes = Field(
        description="step sizes α, one run each; a grid is evenly spaced on a logarithmic axis"
    )
    batch_size: Count | Literal[FULL] = Field(
        description="samples per step; `full`: all training samples"
    )
    epochs: Count = Field(description="passes over the training data")
    evaluate_every: Count = Field(
        description="steps between evaluations; step 0, the last step, and steps 1, 2, 4, 8, …"
        " below this number are evaluated, too"
    )
    update_rule: Literal[*available("update_rules")] = Field(
        "plain", description="update rule that applies the gradients"
    )
    sampling: Literal[SHUFFLED, WITH_REPLACEMENT] = Field(
        SHUFFLED,
        description="order of samples: a new permutation in each epoch, or independent draws",
    )
    schedule: Literal[*available("schedules")] = Field(
        "constant", description="factor of the step size in step t = 1, 2, …"
    )
    average_from: CountOrZero | None = Field(
        None,
        description="epochs before the averaging of iterates starts; the averages appear as the"
        " optimizer `<name>_average`; if left out, there are none",
    )
    l2: _real(ge=0) | None = Field(None, description="λ; if left out, the study's")
    engine: Literal["auto", *ENGINES] | None = Field(
        None, description="engine; if left out, the study's"
    )
    evaluator: Literal["auto", *EVALUATORS] | None = Field(
        None, description="evaluator; if left out, the study's"
    )
    update_options: dict[str, Any] = Field({}, validate_default=True)
    schedule_options: dict[str, Any] = Field({}, validate_default=True)


class Study(WithOptions):
    """A study: one dataset, one model, and optimizers."""

    CHOICES: ClassVar = {"model": ("models", "model_options")}

    dataset: Annotated[
        Annotated[Literal[*available("datasets")], Tag("a dataset")]
        | Annotated[Table, Tag("a table")],
        Discriminator(lambda v: "a table" if isinstance(v, Mapping | Table) else "a dataset"),
    ] = Field(description="samples: a dataset's name, or your own table")
    model: Literal[*available("models")] = Field(description="model to train")
    seeds: Seeds = Field(
        description="seeds of the replicates; a seed determines the initial parameters and the"
        f" order of samples; 5 means [0, 1, 2, 3, 4]; at most {MAX_SEEDS:,}"
    )
    optimizers: Annotated[dict[Name, Optimizer], Field(min_length=1)] = Field(
        description="optimizers by name"
    )
    l2: _real(ge=0) = Field(
        0.0, description="λ in the objective F = loss + λ/2 ‖parameters‖², bias included"
    )
    validation: CountOrZero = Field(
        0,
        description="number of samples at the end of the training data that are held out to choose"
        " the best step size and step",
    )
    initial: Literal["uniform", "zeros"] = Field(
        "uniform", description="initial parameters: uniform on ±1/√fan-in, or zeros"
    )
    dtype: Literal["float32", "float64"] = Field(
        "float32", description="number format of parameters and samples"
    )
    engine: Literal["auto", *ENGINES] = Field(
        "auto",
        description="implementation of training; `auto`: torch if a GPU pays off, else numba for"
        " linear models with the rule `plain` and batch size 1 or `full`, else NumPy",
    )
    evaluator: Literal["auto", *EVALUATORS] = Field(
        "auto",
        description="implementation of evaluation; `auto`: torch if a GPU pays off, else numba for"
        " long classification runs, else NumPy",
    )
    curvature_samples: CountOrZero = Field(
        0,
        description="number of training samples for the largest curvature along full-batch paths;"
        " 0: the curvature is not measured",
    )
    target: _real(gt=0) | None = Field(
        None,
        description="target for counting steps: (F − F*) / F* if there is a minimiser, else the"
        " test accuracy, or the test loss of a regression; if left out, no steps are counted",
    )
    figures: (
        Annotated[tuple[Literal[*FIGURES], ...], Field(min_length=1), AfterValidator(_distinct)]
        | None
    ) = Field(None, description="figures to draw; if left out, all figures that the study supports")
    question: str = Field("", description="question of the study, shown on its page and the index")
    model_options: dict[str, Any] = Field({}, validate_default=True)


class Configuration(Keys):
    """The file config.yaml."""

    studies: Annotated[dict[Name, Study], Field(min_length=1)] = Field(
        description="studies by name"
    )
    gpu: bool | None = Field(
        None,
        description="whether jobs can use a GPU; if left out, whether this machine has one",
    )
