"""The keys of config.yaml, as pydantic models.

The options of a model, an update rule or a schedule are the default arguments of its function; they
stand beside the other keys in config.yaml, and in <kind>_options here.
"""

from collections import Counter
from collections.abc import Mapping
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

# what people call the keys, and values, for "did you mean"
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


TAGS = ("a step size", "a grid", "a dataset", "a table")  # of values of several kinds


class OptionError(ValueError):
    """A wrong option: its key, what was found, and what is wrong with it."""


def _no_bool(value: Any) -> Any:
    """YAML reads yes as true, which pydantic would take for 1."""
    if isinstance(value, bool):
        raise ValueError("a number")
    return value


Count = Annotated[int, Field(strict=True, ge=1, lt=2**63)]
CountOrZero = Annotated[int, Field(strict=True, ge=0, lt=2**63)]


def _real(**limits: float) -> Any:
    """A finite number within limits."""
    return Annotated[float, Field(allow_inf_nan=False, **limits), BeforeValidator(_no_bool)]


StepSize = _real(gt=0, lt=1e100)  # matplotlib has no axis for larger ones
Name = Annotated[str, Field(pattern=NAME)]


def one_of(names: Any) -> Any:
    """One of some names."""
    return Literal[*names]


class Keys(BaseModel):
    """Keys of config.yaml; any other key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Grid(Keys):
    """Step sizes evenly spaced on a logarithmic axis, rounded to three significant digits."""

    first: StepSize = Field(alias="from", description="the first step size")
    last: StepSize = Field(alias="to", description="the last step size")
    per_decade: Annotated[int, Field(strict=True, ge=1, le=1000)] = Field(
        description="step sizes from one power of ten to the next; twice as many keep these"
    )

    @model_validator(mode="after")
    def _ascending(self) -> "Grid":
        if self.first >= self.last:
            raise ValueError(f"from less than to, {self.last:g}")
        return self

    def values(self) -> list[float]:
        """first · 10^(k / per_decade), k = 1, 2, …, below last, and both ends as they are."""
        values, k = [self.first], 1
        while True:
            exact = self.first * 10 ** (k / self.per_decade)
            rounded = float(f"{exact:.3g}")
            if max(exact, rounded) >= self.last * (1 - 1e-9):  # last may come out a little less
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
        raise ValueError(f"each once, but {repeated[0]} is there more than once")
    return values


def _expand_grids(elements: tuple) -> tuple[float, ...]:
    values = [e.values() if isinstance(e, Grid) else [e] for e in elements]
    return _distinct(tuple(value for of_element in values for value in of_element))


def _some(kind: Any) -> Any:
    """A list of at least one of a kind, as config.yaml may have it."""
    return Annotated[list[kind], Field(min_length=1)]


def _grid_or_list(value: Any) -> Any:
    return [value] if isinstance(value, Mapping) else value


def _number_or_list(value: Any) -> Any:
    return list(range(min(_no_bool(value), MAX_SEEDS + 1))) if isinstance(value, int) else value


StepSizes = Annotated[
    tuple[_Element, ...],
    Field(min_length=1),
    BeforeValidator(_grid_or_list, json_schema_input_type=_some(_Element) | Grid),
    AfterValidator(_expand_grids),
]
Seeds = Annotated[
    tuple[CountOrZero, ...],
    Field(min_length=1, max_length=MAX_SEEDS),
    BeforeValidator(
        _number_or_list,
        json_schema_input_type=_some(CountOrZero) | Count,
    ),
    AfterValidator(_distinct),
]


def option_kind(default: Any) -> Any:
    """What an option may be, by its default: a switch, a count, a share in [0, 1), or a number."""
    if isinstance(default, bool):
        return Annotated[bool, Field(strict=True)]
    if isinstance(default, int):
        return Count
    return _real(ge=0, lt=1) if default < 1 else _real(gt=0)


class WithOptions(Keys):
    """Keys of which some choose a file with options."""

    # {key: (folder, key of the options)}
    CHOICES: ClassVar[Mapping[str, tuple[str, str]]] = {}

    @model_validator(mode="before")
    @classmethod
    def _gather_options(cls, keys: Any) -> Any:
        """Move the options of what is chosen into <kind>_options."""
        if not isinstance(keys, Mapping):
            return keys
        keys = dict(keys)
        for key, (folder, gathered) in cls.CHOICES.items():
            chosen = cls.chosen(keys, key)
            if chosen in available(folder):
                keys[gathered] = {n: keys.pop(n) for n in options(folder, chosen) if n in keys}
            else:  # a mistake, which is reported without its options
                for option in (o for name in available(folder) for o in options(folder, name)):
                    keys.pop(option, None)
        return keys

    @classmethod
    def chosen(cls, keys: Mapping[str, Any], key: str) -> Any:
        """What some keys choose by a key, or its default."""
        return keys.get(key, cls.model_fields[key].default)

    @field_validator("model_options", "update_options", "schedule_options", check_fields=False)
    @classmethod
    def _check_options(cls, given: dict, info: Any) -> dict:
        """The options with their defaults; OptionError for one of another kind."""
        choices = {gathered: (key, folder) for key, (folder, gathered) in cls.CHOICES.items()}
        key, folder = choices[info.field_name]
        checked = options(folder, info.data[key]) if key in info.data else {}
        for name, value in given.items():
            try:
                checked[name] = TypeAdapter(option_kind(checked[name])).validate_python(value)
            except ValidationError as error:
                raise OptionError(name, value, error.errors()[0]["msg"]) from None
        return checked


class Optimizer(WithOptions):
    """An update rule, a batch size, a length and step sizes."""

    CHOICES: ClassVar = {
        "update_rule": ("update_rules", "update_options"),
        "schedule": ("schedules", "schedule_options"),
    }

    step_sizes: StepSizes = Field(
        description="the fixed step sizes α, a run each; a mapping is a grid of them"
    )
    batch_size: Count | Literal[FULL] = Field(description="samples a step, or all of them")
    epochs: Count = Field(description="passes over the training data")
    evaluate_every: Count = Field(
        description="steps between evaluated ones; also evaluated: 0, 1, 2, 4, 8, … and the last"
    )
    update_rule: one_of(available("update_rules")) = Field(
        "plain", description="how a gradient moves the parameters"
    )
    sampling: Literal[SHUFFLED, WITH_REPLACEMENT] = Field(
        SHUFFLED,
        description="samples of an epoch: each once, in a fresh order; or as many independent draws"
        " from all",
    )
    schedule: one_of(available("schedules")) = Field(
        "constant", description="what the step size is multiplied by in step t = 1, 2, …"
    )
    average_from: CountOrZero | None = Field(
        None,
        description="epochs after which the iterates are averaged; the averages get rows of their"
        " own",
    )
    l2: _real(ge=0) | None = Field(None, description="λ, where it differs from the study's")
    engine: one_of(["auto", *ENGINES]) | None = Field(
        None, description="where it differs from the study's"
    )
    evaluator: one_of(["auto", *EVALUATORS]) | None = Field(
        None, description="where it differs from the study's"
    )
    update_options: dict[str, Any] = Field({}, validate_default=True)
    schedule_options: dict[str, Any] = Field({}, validate_default=True)


class Study(WithOptions):
    """One dataset, one model, and optimizers."""

    CHOICES: ClassVar = {"model": ("models", "model_options")}

    dataset: Annotated[
        Annotated[one_of(available("datasets")), Tag("a dataset")]
        | Annotated[Table, Tag("a table")],
        Discriminator(lambda v: "a table" if isinstance(v, Mapping | Table) else "a dataset"),
    ] = Field(description="the samples: by name, or a table of one's own")
    model: one_of(available("models")) = Field(description="what is trained")
    seeds: Seeds = Field(
        description="replicates: a seed decides the initial parameters and the order of samples;"
        " 5 is 0 … 4"
    )
    optimizers: Annotated[dict[Name, Optimizer], Field(min_length=1)] = Field(
        description="an update rule, a batch size, a length and step sizes, by a name"
    )
    l2: _real(ge=0) = Field(
        0.0, description="λ of the objective: loss + λ/2 ‖parameters‖², bias included"
    )
    validation: CountOrZero = Field(
        0,
        description="samples held out from the end of the training data, to choose a step size and"
        " a step by",
    )
    initial: Literal["uniform", "zeros"] = Field(
        "uniform", description="initial parameters: ±1/√(inputs of the layer), or zeros"
    )
    dtype: Literal["float32", "float64"] = Field(
        "float32", description="numbers of parameters and samples"
    )
    engine: one_of(["auto", *ENGINES]) = Field(
        "auto", description="what trains; auto: numba for plain linear models, else NumPy"
    )
    evaluator: one_of(["auto", *EVALUATORS]) = Field(
        "auto", description="what evaluates; auto: numba for much work, else NumPy"
    )
    curvature_samples: CountOrZero = Field(
        0,
        description="training samples on which full batches measure the curvature along their path;"
        " 0: none",
    )
    target: _real(gt=0) | None = Field(
        None,
        description="where to count the steps to: with a minimiser, how far F may be above F*, as a"
        " share of F*; else the test accuracy, of a regression the test loss",
    )
    figures: (
        Annotated[tuple[one_of(FIGURES), ...], Field(min_length=1), AfterValidator(_distinct)]
        | None
    ) = Field(
        None, description="what is drawn; left out: all that have something to show of the study"
    )
    question: str = Field("", description="what the study asks, for its page and the index")
    model_options: dict[str, Any] = Field({}, validate_default=True)


class Configuration(Keys):
    """The file config.yaml."""

    studies: Annotated[dict[Name, Study], Field(min_length=1)] = Field(
        description="studies, by a name"
    )
    gpu: bool | None = Field(
        None,
        description="whether jobs find a GPU where they run; left out: if this machine has one",
    )
