"""What test_fidelity.py has checked in a process of its own, since these import torch."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import fidelity_probe
import numpy as np
import pytest
import torch
import torch_fidelity
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY

from ganbench import progress
from ganbench.contracts import FeatureSet
from ganbench.errors import ConfigError, EnvironmentNotReady
from ganbench_fidelity import (
    FidelityExtractor,
    WeightsFile,
    calls,
    fetch,
    loading,
    networks,
    register,
)
from ganbench_fidelity.folding import folded
from ganbench_fidelity.metrics import (
    FrechetInceptionDistance,
    InceptionScore,
    KernelInceptionDistance,
    PrecisionAndRecall,
)
from ganbench_fidelity.weights import download_path

NAME = "inception-v3-compat"
SHIPPED = list(FEATURE_EXTRACTORS_REGISTRY)  # before anything is added here
RNG = np.random.Generator(np.random.Philox(key=5))
REAL = RNG.integers(0, 256, (150, 6, 6, 3)).astype(np.uint8)
FAKE = (RNG.integers(0, 256, (130, 6, 6, 3)) * np.linspace(0.5, 1, 3)).astype(np.uint8)


class TinyNetwork(torch_fidelity.FeatureExtractorBase):
    """Eight rectified features of coarse pixels, and four logits of those."""

    batches = 0

    def __init__(self, name, features_list, feature_extractor_weights_path=None, **settings):
        super().__init__(name, features_list)
        self.features, self.classes = torch.nn.Linear(27, 8), torch.nn.Linear(8, 4)
        self.load_state_dict(torch.load(feature_extractor_weights_path, weights_only=False))

    @staticmethod
    def get_provided_features_list():
        return "features", "logits"

    @staticmethod
    def get_default_feature_layer_for_metric(metric):
        return "logits" if metric == "isc" else "features"

    def forward(self, images):
        assert images.dtype == torch.uint8 and images.shape[1] == 3
        TinyNetwork.batches += 1
        coarse = torch.nn.functional.adaptive_avg_pool2d(images / 64, 3).flatten(1)
        features = self.features(coarse).relu()
        layers = {"features": features, "logits": self.classes(features)}
        return tuple(layers[name] for name in self.features_list)


@register
@dataclass(frozen=True)
class Tiny(FidelityExtractor):
    """The tiny network as a feature space."""

    name = "tiny"
    preprocessing = "divided by 64"
    features, dimensions, logits, has_logits = "features", 8, "logits", True
    weights_file = WeightsFile("tiny.pth")

    def network(self):
        return TinyNetwork


torch_fidelity.register_feature_extractor("tiny", TinyNetwork)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path


def state(seed=0):
    torch.manual_seed(seed)
    shapes = {"features.weight": (8, 27), "features.bias": (8,)}
    shapes |= {"classes.weight": (4, 8), "classes.bias": (4,)}
    return {name: torch.randn(shape) for name, shape in shapes.items()}


def ready(path, content=None):
    """The tiny extractor with these weights, or those of a seed, in a file."""
    torch.save(state() if content is None else content, path)
    return Tiny().with_weights({"tiny": path})


def direct(weights, name="tiny", images=(FAKE, REAL), **settings):
    """The same by a call of torch-fidelity that owes nothing to ganbench."""

    class Images(torch.utils.data.Dataset):
        def __init__(self, images):
            self.images = torch.from_numpy(images).permute(0, 3, 1, 2)

        def __len__(self):
            return len(self.images)

        def __getitem__(self, index):
            return self.images[index]

    return torch_fidelity.calculate_metrics(
        input1=Images(images[0]),
        input2=Images(images[1]),
        feature_extractor=name,
        feature_extractor_weights_path=str(weights),
        cuda=False,
        cache=False,
        save_cpu_ram=True,
        verbose=False,
        **settings,
    )


def compute(metric, weights, fake=FAKE, real=REAL):
    ready = metric.with_weights({metric.feature_extractor: weights})
    return ready.compute(FeatureSet(real), FeatureSet(fake), np.random.default_rng(0))


# --------------------------------------------------------------------------- metrics


def test_metrics_are_those_of_a_direct_call(home):
    ready(home / "tiny.pth")
    kid = {"kid_subsets": 7, "kid_subset_size": 60, "kid_kernel": "rbf"}
    theirs = direct(home / "tiny.pth", isc=True, fid=True, kid=True, prc=True, isc_splits=3, **kid)
    tiny = {"feature_extractor": "tiny"}
    ours = {}
    for metric in (
        FrechetInceptionDistance(**tiny),
        InceptionScore(**tiny, isc_splits=3),
        KernelInceptionDistance(**tiny, **kid),
        PrecisionAndRecall(**tiny),
    ):
        found = compute(metric, home / "tiny.pth")
        assert set(found) == set(metric.columns)
        ours |= found
    assert ours == {
        "fid": theirs["frechet_inception_distance"],
        "isc": theirs["inception_score_mean"],
        "isc-std": theirs["inception_score_std"],
        "kid": theirs["kernel_inception_distance_mean"],
        "kid-std": theirs["kernel_inception_distance_std"],
        "prc-precision": theirs["precision"],
        "prc-recall": theirs["recall"],
        "prc-f-score": theirs["f_score"],
    }
    assert ours["fid"] > 0.1 and ours["isc"] > 1.1 and ours["kid"] > 0.001
    assert 0 < ours["prc-recall"] < 1 and ours["prc-precision"] != ours["prc-recall"]


def test_the_seed_is_handed_on(home):
    ready(home / "tiny.pth")
    settings = {"feature_extractor": "tiny", "isc_splits": 3}
    one, other = (
        compute(InceptionScore(**settings, rng_seed=seed), home / "tiny.pth") for seed in (2020, 1)
    )
    theirs = direct(home / "tiny.pth", isc=True, isc_splits=3, rng_seed=1)
    assert other["isc"] == theirs["inception_score_mean"] != one["isc"]


def test_small_sets_have_values_or_none_and_no_error(home):
    ready(home / "tiny.pth")
    tiny = {"feature_extractor": "tiny"}
    found = compute(KernelInceptionDistance(**tiny), home / "tiny.pth")
    theirs = direct(home / "tiny.pth", kid=True, kid_subset_size=130)
    assert found["kid"] == theirs["kernel_inception_distance_mean"]
    assert np.isnan(compute(InceptionScore(**tiny), home / "tiny.pth", FAKE[:9])["isc"])
    for few in (3, 4):
        recall = compute(PrecisionAndRecall(**tiny), home / "tiny.pth", FAKE[:few])["prc-recall"]
        assert np.isnan(recall) == (few == 3)


def test_a_batch_is_judged_once_for_all_metrics_and_extractors(home):
    extractor = ready(home / "tiny.pth", state(seed=1))
    before, shares = TinyNetwork.batches, []
    with progress.heard_by(shares.append):
        for cls in (FrechetInceptionDistance, KernelInceptionDistance, InceptionScore):
            compute(cls(feature_extractor="tiny"), home / "tiny.pth")
    extractor.extract(REAL)
    assert TinyNetwork.batches - before == 19 + 17  # of eight images at most
    assert shares[0] < 0.01 and max(shares) == 1  # a long extraction shows that it is alive


AGAIN = """
import json, sys
import numpy as np
import fidelity_checks as checks
from ganbench.contracts import FeatureSet
from ganbench_fidelity.metrics import FrechetInceptionDistance, KernelInceptionDistance

values = {}
for cls in (FrechetInceptionDistance, KernelInceptionDistance):
    metric = cls(feature_extractor="tiny").with_weights({"tiny": checks.Path(sys.argv[1])})
    real, fake = FeatureSet(checks.REAL), FeatureSet(checks.FAKE)
    values |= metric.compute(real, fake, np.random.default_rng(0))
print(json.dumps({"values": values, "batches": checks.TinyNetwork.batches}))
"""


def test_a_second_process_extracts_nothing_of_the_reference(home, monkeypatch):
    monkeypatch.setenv("GANBENCH_CACHE", str(home / "cache"))
    ready(home / "tiny.pth")
    command = [sys.executable, "-c", AGAIN, str(home / "tiny.pth")]
    first, second = (
        json.loads(subprocess.run(command, capture_output=True, check=True, timeout=120).stdout)
        for _ in range(2)
    )
    assert first["batches"] == 19 + 17 and second["batches"] == 17  # those of the samples
    assert first["values"] == second["values"]
    theirs = direct(home / "tiny.pth", fid=True)
    assert second["values"]["fid"] == theirs["frechet_inception_distance"]


def test_layers_that_are_not_kept_of_the_reference_are_extracted():
    memory, batch = calls.Memory(most_bytes=1 << 20), torch.zeros((2, 1, 3, 3), dtype=torch.uint8)
    memory.reference = {calls._name(batch): {"features": torch.ones(2, 4)}}
    network = torch.nn.Flatten()
    network.convert_features_tuple_to_dict = lambda values: {"pixels": values}
    assert memory.of(batch, None, ["features"])["features"].sum() == 8
    assert memory.of(batch, network, ["pixels"])["pixels"].shape == (2, 9)


def test_the_memory_of_batches_forgets_the_oldest():
    network = ready_network = torch.nn.Identity()
    network.convert_features_tuple_to_dict = lambda values: {"all": values}
    memory = calls.Memory(most_bytes=150)
    batches = [torch.full((1, 1, 8, 8), value, dtype=torch.uint8) for value in range(3)]
    for batch in batches:
        assert memory.of(batch, ready_network, ["all"])["all"] is not None
    assert len(memory.known) == 2 and memory.bytes == 128
    first = next(iter(memory.known))
    memory.of(batches[1], network, ["all"])
    assert next(iter(memory.known)) != first  # it was asked for again


# --------------------------------------------------------------------------- extractors


def test_features_and_logits_are_the_networks_own(home):
    extractor = ready(home / "tiny.pth")
    features, logits = extractor.extract(REAL)
    network = TinyNetwork("tiny", ["features", "logits"], str(home / "tiny.pth"))
    with torch.no_grad():
        expected = network(torch.from_numpy(REAL).permute(0, 3, 1, 2))
    assert features.dtype == np.float32 and features.shape == (150, extractor.dimensions)
    np.testing.assert_allclose(features, expected[0].numpy(), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(logits, expected[1].numpy(), rtol=1e-5, atol=1e-5)


def test_a_folded_inception_has_torch_fidelitys_features(home):
    """Within what float32 leaves of them: the float64 ones are as far from both."""
    np.save(home / "images.npy", RNG.integers(0, 256, (8, 28, 28, 1)).astype(np.uint8))
    file = home / "inception.pth"
    fidelity_probe.initialise(str(file), str(home / "images.npy"))
    weights = torch.load(file)
    shaken = torch.Generator().manual_seed(1)  # normalisations that do something
    for name, values in weights.items():
        if ".bn." in name and values.dtype == torch.float32:
            noise = torch.rand(values.shape, generator=shaken)
            weights[name] = values * (0.8 + 0.4 * noise) + (0.1 * noise if "mean" in name else 0)
    torch.save(weights, file)
    images = np.load(home / "images.npy")[:4]
    features, logits = networks.InceptionV3().with_weights({NAME: file}).extract(images)
    theirs = FEATURE_EXTRACTORS_REGISTRY[NAME](NAME, ["2048", "logits_unbiased"], str(file))
    batch = torch.from_numpy(np.repeat(images.transpose(0, 3, 1, 2), 3, axis=1))
    with torch.no_grad():
        expected = [layer.numpy() for layer in theirs(batch)]
        theirs.double().feature_extractor_internal_dtype = torch.float64
        exact = theirs(batch)[0].numpy()
    assert difference(features, expected[0]) < 1e-6
    assert difference(features, exact) < 1e-6
    assert np.std(features, axis=0).mean() > 1e-3 * np.abs(features).max()
    assert difference(logits, expected[1]) < 1e-4  # sums of features that cancel


def difference(first, second):
    return np.linalg.norm(first - second) / np.linalg.norm(second)


def test_only_inception_is_folded():
    class Normalised(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.bn = torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4)

    network = Normalised()
    assert folded(network) is network and isinstance(network.bn, torch.nn.BatchNorm2d)


def test_grey_images_are_repeated_to_three_channels(home):
    extractor = ready(home / "tiny.pth")
    grey = REAL[..., :1]
    grey.flags.writeable = False  # as a memory map may be
    np.testing.assert_array_equal(
        extractor.extract(grey)[0], extractor.extract(np.repeat(grey, 3, axis=3))[0]
    )


def test_without_cuda_the_device_is_refused(home, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    extractor = replace(Tiny(), device="cuda")
    torch.save(state(), home / "tiny.pth")
    with pytest.raises(EnvironmentNotReady, match=r"tiny.device=cuda.: torch sees no CUDA device"):
        extractor.with_weights({"tiny": home / "tiny.pth"}).extract(REAL)


# --------------------------------------------------------------------------- weights


class Bomb:
    """A pickle that creates a file where it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_pickle_that_runs_something_is_refused_and_runs_nothing(home):
    for legacy in (False, True):
        file, mark = home / "bomb.pth", home / "exploded"
        torch.save(Bomb(mark), file, _use_new_zipfile_serialization=not legacy)
        extractor = Tiny().with_weights({"tiny": file})
        with pytest.raises(ConfigError, match=r"bomb.pth: cannot be read as nothing but arrays"):
            extractor.extract(REAL)
        assert not mark.exists()
        with file.open("rb") as content:
            torch.load(content, weights_only=False)
        assert mark.exists()  # the bomb is one
        mark.unlink()


def test_all_formats_of_a_file_give_the_same_features(home):
    from safetensors.torch import save_file

    torch.save(state(), home / "new.pth")
    torch.save(state(), home / "old.pth", _use_new_zipfile_serialization=False)
    save_file(state(), home / "new.safetensors")
    found = {}
    for path in (home / "new.pth", home / "old.pth", home / "new.safetensors"):
        extractor = Tiny().with_weights({"tiny": path})
        found[extractor.id] = extractor.extract(REAL)[0]
    assert len(found) == 3  # each is a file of its own
    first, *others = found.values()
    for other in others:
        np.testing.assert_array_equal(first, other)


@pytest.mark.parametrize(
    "content",
    [{}, [torch.zeros(2)], {"state_dict": {"a": torch.zeros(2)}}, {"epoch": 3}, torch.zeros(2)],
    ids=["empty", "list", "nested", "number", "array"],
)
def test_what_is_no_state_dict_is_refused(home, content):
    with pytest.raises(ConfigError, match=r"tiny.pth: has to hold a network's state_dict"):
        ready(home / "tiny.pth", content).extract(REAL)


def test_weights_of_another_network_are_refused_in_one_line(home):
    with pytest.raises(ConfigError, match=r"tiny.pth: these are not the weights of tiny") as told:
        ready(home / "tiny.pth", {"features.weight": torch.zeros(3, 3)}).extract(REAL)
    assert "\n" not in str(told.value)


def test_a_file_that_has_changed_since_it_was_found_is_refused(home):
    extractor = ready(home / "tiny.pth", state(seed=8))  # no other test loads these
    torch.save(state(seed=9), home / "tiny.pth")
    with pytest.raises(ConfigError, match=r"tiny.pth: has changed since this run began"):
        extractor.extract(REAL)


def test_a_torch_that_loads_unsafely_is_not_used(home, monkeypatch):
    extractor = ready(home / "tiny.pth", state(seed=4))
    monkeypatch.setattr(loading.torch, "__version__", "2.9.1+cpu")
    with pytest.raises(EnvironmentNotReady, match=r"torch 2.9.1\+cpu cannot read files"):
        extractor.extract(REAL)


# --------------------------------------------------------------------------- torch-fidelity's own


def small_clip():
    """TorchScript of a CLIP of one block and images of 4x4, by the names OpenAI gives."""
    torch.manual_seed(3)
    width, patch = 64, 2
    block = "transformer.resblocks.0."
    shapes = {
        "class_embedding": (width,),
        "positional_embedding": (5, width),
        "proj": (width, 6),
        "conv1.weight": (width, 3, patch, patch),
        **{
            f"{name}.{part}": (width,)
            for name in ("ln_pre", "ln_post")
            for part in ("weight", "bias")
        },
        block + "attn.in_proj_weight": (3 * width, width),
        block + "attn.in_proj_bias": (3 * width,),
        block + "attn.out_proj.weight": (width, width),
        block + "attn.out_proj.bias": (width,),
        **{f"{block}ln_{one}.{part}": (width,) for one in (1, 2) for part in ("weight", "bias")},
        block + "mlp.c_fc.weight": (4 * width, width),
        block + "mlp.c_fc.bias": (4 * width,),
        block + "mlp.c_proj.weight": (width, 4 * width),
        block + "mlp.c_proj.bias": (width,),
    }
    root = torch.nn.Module()
    root.text_projection = torch.nn.Parameter(torch.randn(5, 6))
    for name, shape in shapes.items():
        *path, last = ["visual", *name.split(".")]
        place = root
        for part in path:
            if not hasattr(place, part):
                place.add_module(part, torch.nn.Module())
            place = getattr(place, part)
        place.register_parameter(last, torch.nn.Parameter(torch.randn(shape) / 8))
    file = io.BytesIO()
    torch.jit.save(torch.jit.script(root), file)
    return file.getvalue()


def pinned(monkeypatch, cls, **changes):
    """This network with another published file."""
    monkeypatch.setattr(cls, "weights_file", replace(cls.weights_file, **changes))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_clip_is_loaded_only_where_it_is_the_published_file(home, monkeypatch):
    (cls,) = (cls for cls in networks.NETWORKS if cls.name == "clip-vit-b-32")
    path = home / "clip.pt"
    path.write_bytes(small_clip())
    with pytest.raises(ConfigError, match=r"clip.pt: is not clip-vit-b-32-40d3"):
        cls().with_weights({cls.name: path})
    pinned(monkeypatch, cls, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    found = compute(FrechetInceptionDistance(feature_extractor=cls.name), path)
    theirs = direct(path, cls.name, fid=True)
    assert found["fid"] == theirs["frechet_inception_distance"] > 1e-4
    assert cls().with_weights({cls.name: path}).extract(REAL)[0].shape == (150, 6)


HUBCONF = """
import torch

def dinov2_vitb14(*, pretrained=True):
    assert not pretrained, "that would download, and unpickle"
    pool, flatten = torch.nn.AdaptiveAvgPool2d(2), torch.nn.Flatten()
    return torch.nn.Sequential(pool, flatten, torch.nn.Linear(12, 5))
"""


def test_dinov2_runs_a_clone_of_its_code_and_a_file(home):
    (cls,) = (cls for cls in networks.NETWORKS if cls.name == "dinov2-vit-b-14")
    path = home / "dino.pth"
    torch.save({"2.weight": torch.randn(5, 12), "2.bias": torch.zeros(5)}, path)
    with pytest.raises(
        EnvironmentNotReady, match=r"git clone \S+ \S+/facebookresearch_dinov2_main"
    ):
        cls().with_weights({cls.name: path})
    folder = home / "torch" / "hub" / "facebookresearch_dinov2_main"
    folder.mkdir(parents=True)
    (folder / "hubconf.py").write_text(HUBCONF)
    extractor = cls().with_weights({cls.name: path})
    features, logits = extractor.extract(REAL)
    assert features.shape == (150, 5) and logits is None and features.std() > 0.1
    before = extractor.id
    (folder / "hubconf.py").write_text(HUBCONF + "# other code\n")
    assert cls().with_weights({cls.name: path}).id != before


def test_every_network_of_torch_fidelity_is_offered_under_its_name():
    assert sorted(SHIPPED) == sorted(cls.name for cls in networks.NETWORKS)
    for cls in networks.NETWORKS:
        theirs = FEATURE_EXTRACTORS_REGISTRY[cls.name]
        assert cls.features == theirs.get_default_feature_layer_for_metric("fid")
        assert {cls.features, cls.logits} - {None} <= set(theirs.get_provided_features_list())
        assert cls.has_logits == (cls.logits is not None)


def test_addresses_and_hashes_are_those_in_torch_fidelity():
    from torch_fidelity import feature_extractor_clip as clip
    from torch_fidelity import feature_extractor_dinov2 as dinov2
    from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3
    from torchvision.models import VGG16_Weights

    files = {cls.name: cls.weights_file for cls in networks.NETWORKS}
    assert files["inception-v3-compat"].url == URL_INCEPTION_V3
    assert files["vgg16"].url == VGG16_Weights.IMAGENET1K_V1.url
    for name in ("inception-v3-compat", "vgg16"):
        file = files[name]
        assert file.url.endswith(f"/{file.name}") and f"-{file.sha256[:8]}." in file.name
    for name, url in clip.MODEL_URLS.items():
        expected = clip.MODEL_METADATA[name]["hash"]
        assert (files[name].url, files[name].sha256) == (url, expected)
        assert files[name].name == f"{name}-{expected}.pt" and files[name].is_program
    for cls in networks.NETWORKS:
        if cls.name in dinov2.MODEL_METADATA:
            assert cls.function == dinov2.MODEL_METADATA[cls.name]
            assert cls.weights_file.url.endswith(f"/{cls.function}/{cls.function}_pretrain.pth")


# --------------------------------------------------------------------------- fetching


def test_a_download_goes_where_torch_fidelity_looks_and_is_checked(home, monkeypatch):
    served = home / "served.pth"
    torch.save(state(), served)
    sha256 = hashlib.sha256(served.read_bytes()).hexdigest()
    pinned(monkeypatch, networks.Vgg16, url=served.as_uri(), sha256=sha256)
    with pytest.raises(EnvironmentNotReady, match="vgg16 needs its weights"):
        networks.Vgg16().with_weights({})
    path = fetch.fetch("vgg16")
    assert path == download_path(networks.Vgg16.weights_file)
    assert path == Path(torch.hub.get_dir()) / "checkpoints" / "vgg16-397923af.pth"
    assert networks.Vgg16().with_weights({}).weights_sha256 == sha256
    served.unlink()
    assert fetch.fetch("vgg16") == path  # it is there


@pytest.mark.parametrize("change", [{"sha256": "0" * 64}, {"url": "file:///nowhere/at/all"}])
def test_a_download_that_fails_leaves_nothing_behind(home, monkeypatch, change):
    served = home / "served.pth"
    torch.save(state(), served)
    pinned(monkeypatch, networks.Vgg16, url=served.as_uri())
    pinned(monkeypatch, networks.Vgg16, **change)
    with pytest.raises(EnvironmentNotReady, match="could not be downloaded to") as told:
        fetch.fetch("vgg16")
    assert "\n" not in str(told.value)
    assert os.listdir(home / "torch" / "hub" / "checkpoints") == []
