"""Gradient descent with large steps on deep linear networks, after arXiv:2402.13108."""

from .certificates import (
    NonsingularityCertificate,
    SingularMapError,
    certify_nonsingular,
    resonant_steps,
)
from .critical_step import CriticalStepSize, PrecisionError, critical_step_size
from .descent import Trajectory, gradient_descent
from .ensemble import EnsembleResult, run_ensemble
from .ensemble_blocks import Gaussian, Outcome, Sampler, UniformBox
from .minimizers import flattest_minimizer, is_minimizer, minimizer_spectrum, reduced_hessian
from .nonlinear import Network
from .nonlinear_certificates import (
    NetworkCertificate,
    NoWitnessError,
    certify_nonsingular_network,
)
from .nonlinear_descent import NetworkRuns, run_network
from .nonlinear_flat import flat_interpolant
from .problem import DeepLinearProblem
from .stability import Stability, classify_minimizer, stable_set_is_bounded
from .stability_certificates import StabilityCertificate, certify_stability
from .symbolic import SymbolicProblem

__all__ = [
    "CriticalStepSize",
    "DeepLinearProblem",
    "EnsembleResult",
    "Gaussian",
    "Network",
    "NetworkCertificate",
    "NetworkRuns",
    "NoWitnessError",
    "NonsingularityCertificate",
    "Outcome",
    "PrecisionError",
    "Sampler",
    "SingularMapError",
    "Stability",
    "StabilityCertificate",
    "SymbolicProblem",
    "Trajectory",
    "UniformBox",
    "certify_nonsingular",
    "certify_nonsingular_network",
    "certify_stability",
    "classify_minimizer",
    "critical_step_size",
    "flat_interpolant",
    "flattest_minimizer",
    "gradient_descent",
    "is_minimizer",
    "minimizer_spectrum",
    "reduced_hessian",
    "resonant_steps",
    "run_ensemble",
    "run_network",
    "stable_set_is_bounded",
]
