"""The networks that torch-fidelity 0.4 registers, under its own names.

Addresses, file names and CLIP's hashes are those in torch-fidelity's and torchvision's sources.
The whole hashes of Inception and VGG16, whose names carry the first eight digits, and those of
DINOv2 are the ones that a dozen unrelated repositories pin; that of its largest is not known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from ganbench.errors import EnvironmentNotReady
from ganbench_fidelity.extractor import FidelityExtractor, register
from ganbench_fidelity.weights import WeightsFile, hub_folder

_RESIZED = "grey repeated to three channels; bilinear as TensorFlow 1 has it to {0}x{0}; {1}"
_IMAGENET = "ImageNet's mean and standard deviation"
_CLIP_URL = "https://openaipublic.azureedge.net/clip/models"
_DINO_URL = "https://dl.fbaipublicfiles.com/dinov2"
_DINO_CODE = "facebookresearch_dinov2_main"  # torch.hub's name for a clone of the repository


@register
@dataclass(frozen=True)
class InceptionV3(FidelityExtractor):
    """Inception v3, on which FID, KID and ISC are defined: 2048 features and 1008 logits."""

    name = "inception-v3-compat"
    source = "Szegedy et al. 2015, arXiv:1512.00567; weights of 2015-12-05 from TensorFlow"
    preprocessing = _RESIZED.format(299, "(x - 128) / 128")
    features, dimensions = "2048", 2048
    logits, has_logits = "logits_unbiased", True
    weights_file = WeightsFile(
        "weights-inception-2015-12-05-6726825d.pth",
        "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/"
        "weights-inception-2015-12-05-6726825d.pth",
        "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
    )


@register
@dataclass(frozen=True)
class Vgg16(FidelityExtractor):
    """VGG16 as improved precision and recall are defined on: 4096 features."""

    name = "vgg16"
    source = "Simonyan and Zisserman 2014, arXiv:1409.1556; weights from torchvision"
    preprocessing = _RESIZED.format(224, _IMAGENET)
    features, dimensions = "fc2_relu", 4096
    weights_file = WeightsFile(
        "vgg16-397923af.pth",
        "https://download.pytorch.org/models/vgg16-397923af.pth",
        "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
    )


class _Clip(FidelityExtractor):
    """The image side of a CLIP network by OpenAI."""

    source = "Radford et al. 2021, arXiv:2103.00020; weights from OpenAI"
    features = "clip"


class _DinoV2(FidelityExtractor):
    """A DINOv2 network, whose code has to be in torch's folder of downloads."""

    source = "Oquab et al. 2023, arXiv:2304.07193; code and weights from facebookresearch/dinov2"
    preprocessing = _RESIZED.format(224, _IMAGENET)
    features = "dinov2"
    function: ClassVar[str]

    def network(self) -> type[Any]:
        """torch-fidelity's class, loaded from a folder and a file."""
        from ganbench_fidelity.dinov2 import local_network

        return local_network(str(hub_folder() / _DINO_CODE), self.function)

    def with_weights(self, files: Mapping[str, Path]) -> Self:
        """Give the same with code and weights found."""
        ready = super().with_weights(files)
        ready.code()
        return ready

    def code(self) -> list[str]:
        """The hash of DINOv2's own code; raises EnvironmentNotReady where it is not there."""
        folder = hub_folder() / _DINO_CODE
        if not (folder / "hubconf.py").is_file():
            raise EnvironmentNotReady(
                f"{self.name} runs the code of DINOv2, and {folder} is not there: git clone "
                f"https://github.com/facebookresearch/dinov2 {folder}"
            )
        digest = hashlib.sha256()
        for file in sorted(folder.rglob("*.py")):
            digest.update(f"{file.relative_to(folder)}\0".encode() + file.read_bytes())
        return [digest.hexdigest()]


def _clip(name: str, file: str, dimensions: int, pixels: int, sha256: str) -> type[_Clip]:
    """The class of one of nine CLIP networks, which differ in these values alone."""
    facts = {
        "__doc__": f"OpenAI's CLIP {file}: {dimensions} features of images of {pixels}x{pixels}.",
        "__module__": __name__,
        "name": name,
        "preprocessing": _RESIZED.format(pixels, "CLIP's mean and standard deviation"),
        "dimensions": dimensions,
        "weights_file": WeightsFile(
            f"{name}-{sha256}.pt", f"{_CLIP_URL}/{sha256}/{file}.pt", sha256, is_program=True
        ),
    }
    return register(dataclass(frozen=True)(type(f"Clip_{file}", (_Clip,), facts)))


def _dinov2(letter: str, dimensions: int, sha256: str | None) -> type[_DinoV2]:
    """The class of one of four DINOv2 networks."""
    function = f"dinov2_vit{letter}14"
    facts = {
        "__doc__": f"DINOv2 ViT-{letter.upper()}/14: {dimensions} features, without labels.",
        "__module__": __name__,
        "name": f"dinov2-vit-{letter}-14",
        "dimensions": dimensions,
        "function": function,
        "weights_file": WeightsFile(
            f"{function}_pretrain.pth", f"{_DINO_URL}/{function}/{function}_pretrain.pth", sha256
        ),
    }
    return register(dataclass(frozen=True)(type(f"DinoV2_{letter}", (_DinoV2,), facts)))


NETWORKS: list[type[FidelityExtractor]] = [
    InceptionV3,
    Vgg16,
    _clip(
        *("clip-rn50", "RN50", 1024, 224),
        "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762",
    ),
    _clip(
        *("clip-rn101", "RN101", 512, 224),
        "8fa8567bab74a42d41c5915025a8e4538c3bdbe8804a470a72f30b0d94fab599",
    ),
    _clip(
        *("clip-rn50x4", "RN50x4", 640, 288),
        "7e526bd135e493cef0776de27d5f42653e6b4c8bf9e0f653bb11773263205fdd",
    ),
    _clip(
        *("clip-rn50x16", "RN50x16", 768, 384),
        "52378b407f34354e150460fe41077663dd5b39c54cd0bfd2b27167a4a06ec9aa",
    ),
    _clip(
        *("clip-rn50x64", "RN50x64", 1024, 448),
        "be1cfb55d75a9666199fb2206c106743da0f6468c9d327f3e0d0a543a9919d9c",
    ),
    _clip(
        *("clip-vit-b-32", "ViT-B-32", 512, 224),
        "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af",
    ),
    _clip(
        *("clip-vit-b-16", "ViT-B-16", 512, 224),
        "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f",
    ),
    _clip(
        *("clip-vit-l-14", "ViT-L-14", 768, 224),
        "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836",
    ),
    _clip(
        *("clip-vit-l-14-336px", "ViT-L-14-336px", 768, 336),
        "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02",
    ),
    _dinov2("s", 384, "b938bf1bc15cd2ec0feacfe3a1bb553fe8ea9ca46a7e1d8d00217f29aef60cd9"),
    _dinov2("b", 768, "0b8b82f85de91b424aded121c7e1dcc2b7bc6d0adeea651bf73a13307fad8c73"),
    _dinov2("l", 1024, "d5383ea8f4877b2472eb973e0fd72d557c7da5d3611bd527ceeb1d7162cbf428"),
    _dinov2("g", 1536, None),
]


def with_weights() -> list[str]:
    """Names of the networks that have published weights."""
    return [cls.name for cls in NETWORKS if cls.weights_file and cls.weights_file.url]
