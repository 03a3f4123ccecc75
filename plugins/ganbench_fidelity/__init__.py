"""torch-fidelity: its metrics as they are, and its networks as feature spaces for all metrics.

`FidelityExtractor` is the class to derive from for a network of one's own, and `register` makes
it known to the metrics. Importing this imports no torch.
"""

from ganbench_fidelity.extractor import FidelityExtractor, register
from ganbench_fidelity.networks import NETWORKS
from ganbench_fidelity.weights import WeightsFile

__all__ = ["NETWORKS", "FidelityExtractor", "WeightsFile", "register"]
