"""The two targets. Here, and nowhere else, is decided what differs: runtime, packaging, removal of data, how training is launched, and
which engine groups activity that is too much for one function, and how new code takes over before which firewall."""

from pathlib import Path
from typing import Any, Protocol

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from holdfast.errors import ConfigurationInvalid
from holdfast.settings import Images, Settings
from infra.catalogue import IMAGE_BUNDLES, FunctionSpec
from infra.engine import JOB, EmrServerless, Engine, OneFunction
from infra.firewall import Firewall
from infra.packaging import Packager
from infra.release import Canary, at_once
from infra.scoring_api import api_name
from infra.storage import Storage
from infra.training import FargateTraining, ProcessTraining, Training


class Target(Protocol):
    """What a construct may ask of its target."""

    removal: RemovalPolicy
    environment: dict[str, str]

    def function(self, scope: Construct, spec: FunctionSpec, **common: Any) -> lambda_.Function:
        """A Lambda function of this target's runtime and packaging."""
        ...

    def invoked(self, function: lambda_.Function) -> lambda_.IFunction:
        """A function as a run of the chain invokes it while it may be replaced by another version."""
        ...

    def training(self, scope: Construct) -> Training:
        """How the training job is launched."""
        ...

    def engine(self, scope: Construct, storage: Storage) -> Engine:
        """Where activity is grouped that is too much for one function."""
        ...

    def release(
        self, scope: Construct, function: lambda_.Function, settings: Settings, tell: sns.Topic
    ) -> lambda_.Alias:
        """The alias by which the API calls a function, and how it goes on to new code."""
        ...

    def shield(self, scope: Construct, stage: apigateway.Stage, settings: Settings) -> None:
        """What stands before the API."""
        ...


class AwsTarget:
    """A real account: Python 3.13 on arm64, zips with layers where they fit, images where they do not, training on Fargate."""

    removal = RemovalPolicy.RETAIN

    def __init__(self, stack: Stack, packager: Packager, images: Images) -> None:
        # Without it a version is published for a change of code alone, and what lies in a layer never reaches an alias.
        stack.node.set_context("@aws-cdk/aws-lambda:recognizeLayerVersion", True)
        self.environment: dict[str, str] = {}
        self._packager = packager
        self._bases = images
        self._stack = stack
        self._layers: dict[str, lambda_.LayerVersion] = {}
        self._images: dict[str, Path] = {}

    def function(self, scope: Construct, spec: FunctionSpec, **common: Any) -> lambda_.Function:
        if spec.bundle in IMAGE_BUNDLES:
            return self._image_function(scope, spec, **common)
        environment = {**common.pop("environment"), "HOLDFAST_CONFIG_PATH": "/opt/holdfast.toml"}
        return lambda_.Function(
            scope,
            spec.name,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            handler=spec.handler,
            code=lambda_.Code.from_asset(str(self._packager.zip(spec.stage))),
            layers=[self._layer("common"), self._layer(spec.bundle)],
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if spec.snapshot else None,
            environment=environment,
            **common,
        )

    def invoked(self, function: lambda_.Function) -> lambda_.IFunction:
        return at_once(function, "Live", function)  # code and layers are changed one after the other, an alias at once

    def training(self, scope: Construct) -> Training:
        return FargateTraining(scope, "Training", image=self._image("train"), build_args=_base(self._bases.train))

    def engine(self, scope: Construct, storage: Storage) -> Engine:
        return EmrServerless(scope, "Spark", job=self._packager.file("features", JOB), storage=storage)

    def release(
        self, scope: Construct, function: lambda_.Function, settings: Settings, tell: sns.Topic
    ) -> lambda_.Alias:
        name = settings.name
        return Canary(scope, "Release", function=function, api_name=api_name(name), name=name, tell=tell).alias

    def shield(self, scope: Construct, stage: apigateway.Stage, settings: Settings) -> None:
        calls = settings.api.calls_per_5_minutes
        Firewall(scope, "Firewall", stage=stage, name=settings.name, calls_per_5_minutes=calls)

    def _image_function(self, scope: Construct, spec: FunctionSpec, **common: Any) -> lambda_.Function:
        environment = {**common.pop("environment"), "HOLDFAST_CONFIG_PATH": "/var/task/holdfast.toml"}
        code = lambda_.DockerImageCode.from_image_asset(
            str(self._image(spec.bundle)), cmd=[spec.handler], build_args=_base(self._bases.function)
        )
        return lambda_.DockerImageFunction(
            scope,
            spec.name,
            code=code,
            architecture=lambda_.Architecture.ARM_64,
            environment=environment,
            **common,
        )

    def _image(self, bundle: str) -> Path:
        if bundle not in self._images:
            self._images[bundle] = self._packager.image(bundle)
        return self._images[bundle]

    def _layer(self, name: str) -> lambda_.LayerVersion:
        if name not in self._layers:
            self._layers[name] = lambda_.LayerVersion(
                self._stack,
                f"{name.capitalize()}Layer",
                code=lambda_.Code.from_asset(str(self._packager.layer(name)), exclude=["requirements.txt"]),
                compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
                compatible_architectures=[lambda_.Architecture.ARM_64],
            )
        return self._layers[name]


class LocalTarget:
    """The embedded runtime: the Lambda runtime client on the project's own interpreter, training as a process."""

    removal = RemovalPolicy.DESTROY

    def __init__(self, stack: Stack, packager: Packager, images: Images) -> None:
        # No X-Ray daemon listens here; idle OpenMP threads that spin would take the two cores from the other functions.
        self.environment = {"POWERTOOLS_TRACE_DISABLED": "true", "OMP_WAIT_POLICY": "PASSIVE"}
        self._packager = packager
        self._folders: dict[str, Path] = {}

    def function(self, scope: Construct, spec: FunctionSpec, **common: Any) -> lambda_.Function:
        return lambda_.Function(
            scope,
            spec.name,
            runtime=lambda_.Runtime.PROVIDED_AL2023,
            handler=spec.handler,
            code=lambda_.Code.from_asset(str(self._folder(spec.stage))),
            **common,
        )

    def invoked(self, function: lambda_.Function) -> lambda_.IFunction:
        return function  # the folder holds all of it

    def training(self, scope: Construct) -> Training:
        return ProcessTraining()

    def engine(self, scope: Construct, storage: Storage) -> Engine:
        return OneFunction()

    def release(
        self, scope: Construct, function: lambda_.Function, settings: Settings, tell: sns.Topic
    ) -> lambda_.Alias:
        return at_once(scope, "Release", function)  # CodeDeploy is not served here

    def shield(self, scope: Construct, stage: apigateway.Stage, settings: Settings) -> None:
        """Nobody but this machine can call."""

    def _folder(self, stage: str) -> Path:
        if stage not in self._folders:
            self._folders[stage] = self._packager.local(stage)
        return self._folders[stage]


def _base(pinned: str | None) -> dict[str, str]:
    """What a Dockerfile is told of its base: nothing, and it takes its own."""
    return {"BASE": pinned} if pinned else {}


_TARGETS: dict[str, type[AwsTarget] | type[LocalTarget]] = {"aws": AwsTarget, "local": LocalTarget}


def further_regions(target: str, settings: Settings) -> tuple[str, ...]:
    """Beside the home region: the embedded runtime is one machine, and has no other."""
    return settings.api.regions if target == "aws" else ()


def target_named(name: str, stack: Stack, packager: Packager, images: Images) -> Target:
    """The target that `-c target=…` asks for.

    Raises:
        ConfigurationInvalid: there is no such target.
    """
    if name not in _TARGETS:
        raise ConfigurationInvalid(f"-c target={name}: allowed are {', '.join(_TARGETS)}")
    return _TARGETS[name](stack, packager, images)
