"""Write docs/parity.md from the committed verdicts."""

from __future__ import annotations

from pathlib import Path

from ganbench.parity_table import to_markdown
from ganbench.verdict import Verdict, read

ROOT = Path(__file__).resolve().parents[1]

PAGE = """\
# Do the backends train the same GAN?

`ganbench parity` asks that of a model and a loss. The same seed gives both backends the same
initial weights, the same rows in the same order and the same noise; each trains in a process of
its own, on one thread of the CPU, and after every step writes down

- both losses, and the mean |logit| that the discriminator gave,
- the norm of the gradient of every tensor,
- every weight after the optimiser's update,
- every buffer: running statistics, spectral normalisation's vectors, moving averages of weights,

and in the end samples. The data are made on the spot: noise images with labels, or points.

## The gate

Two numbers a and b agree if |a - b| is at most a tolerance times the largest of |a|, |b| and a
scale.

| quantity | scale | float64 | float32 |
| --- | --- | ---: | ---: |
| losses | mean absolute logit of the update | 1e-9 | 1e-5 |
| gradient norms | the network's largest of the step | 1e-9 | 1e-2 |
| weights, buffers | the network's largest of the step | 1e-9 | not judged |
| samples | one grey level; of points, one float32 rounding of the largest | | not judged |

In float64 rounding stays far below the tolerance over hundreds of steps, so that only another
algorithm fails. In float32 rounding alone drives any two trainings apart after some dozens of
steps, a backend from its own float64 too, so that no more than ten are compared. A number that is
not finite fails, and so does a tensor that only one backend has.

## What was found

The tables headed *torch and tensorflow* and *torch and jax*, without a form of compiling, are of
the sources before there was a choice; results in this repository were made with them. The others,
and the Dirac-GAN's on torch and jax, are of later ones: eager torch, graphs without XLA, and what
inductor and XLA compile of one step.

{tables}
## What rounding alone can do

Where the gradient of a bias is zero but for rounding, Adam divides that rounding by its own size
and epsilon = 1e-8. Under `relativistic-average` this costs six digits of the weights, which still
pass. Two combinations do not pass for that reason alone, on `mlp-toy[width=32,batch_size=8]`:

- `hinge+consistency`: losses part by 2e-9 within 60 steps. With `epsilon=1e-6` the same pair stays
  within 3e-11 over 200 steps, with `optimizer=sgd` within 4e-16. The matrix has its
  first five steps.
- `relativistic-average+clip`, whose weights all lie within 0.01, between torch and JAX: a bias of
  1e-11 differs in the third step. The matrix has it with `limit=0.1`.

## Run it again

```bash
ganbench parity benchmarks/parity.toml
ganbench parity benchmarks/parity-compiled.toml
ganbench parity --model mlp --loss hinge --backends 'torch,tensorflow[compile=off]'
python benchmarks/update_parity_docs.py
```

Verdicts are files in `results/parity`, one for each pair of backends, model, loss and precision,
with the hashes of the sources that were compared. Tables of results beside that folder say
`verified` of a model and loss only while those hashes are the ones that the results were made with.
"""


def page(verdicts: list[Verdict]) -> str:
    """The page about these verdicts."""
    return PAGE.format(tables=to_markdown(verdicts, []))


if __name__ == "__main__":
    file = ROOT / "docs" / "parity.md"
    file.parent.mkdir(exist_ok=True)
    file.write_text(page(read(ROOT / "results" / "parity")), "utf-8")
