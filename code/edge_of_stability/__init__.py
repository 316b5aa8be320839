"""Gradient descent with large steps on deep linear networks, after arXiv:2402.13108."""

from typing import TYPE_CHECKING, Any

from .certificates.network import (
    NetworkCertificate,
    NoWitnessError,
    certify_nonsingular_network,
)
from .certificates.nonsingular import (
    NonsingularityCertificate,
    SingularMapError,
    certify_nonsingular,
    resonant_steps,
)
from .certificates.stability import StabilityCertificate, certify_stability
from .core.linear import DeepLinearProblem
from .core.network import Network
from .descent.ensemble import run_ensemble
from .descent.orbits import Trajectory, gradient_descent, run_network
from .descent.outcomes import DescentResult, EnsembleResult, Outcome, Rules
from .descent.starts import Gaussian
from .minima.critical_step import CriticalStepSize, PrecisionError, critical_step_size
from .minima.interpolants import flat_interpolant
from .minima.minimizers import (
    flattest_minimizer,
    is_minimizer,
    minimizer_spectrum,
    reduced_hessian,
)
from .minima.stability import Stability, classify_minimizer, stable_set_is_bounded
from .minima.two_cycles import TwoCycle, two_cycle

if TYPE_CHECKING:
    from .core.symbolic import SymbolicProblem

__all__ = [
    "CriticalStepSize",
    "DeepLinearProblem",
    "DescentResult",
    "EnsembleResult",
    "Gaussian",
    "Network",
    "NetworkCertificate",
    "NoWitnessError",
    "NonsingularityCertificate",
    "Outcome",
    "PrecisionError",
    "Rules",
    "SingularMapError",
    "Stability",
    "StabilityCertificate",
    "SymbolicProblem",
    "Trajectory",
    "TwoCycle",
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
    "two_cycle",
]


def __getattr__(name: str) -> Any:
    """Import SymPy when it is used: it takes as long as all the rest."""
    if name == "SymbolicProblem":
        from .core.symbolic import SymbolicProblem

        return SymbolicProblem
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
