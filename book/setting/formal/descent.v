(** * The descent lemma, along the segment of the step

    [φ t = f (θ - t g)] with [g] the gradient at θ: its slope at 0 is [- g2], [g2 = ‖g‖²], and its
    second derivative is at most [Λ g2] where no eigenvalue of the Hessian exceeds [Λ]. *)
Require Import Reals Lra.
From Coquelicot Require Import Coquelicot.
Open Scope R_scope.

Theorem lem_descent (φ : R -> R) (η g2 Λ : R) : 0 < η ->
  (forall t, 0 <= t <= η -> forall k, (k <= 2)%nat -> ex_derive_n φ k t) ->
  Derive φ 0 = - g2 -> (forall t, 0 < t < η -> Derive_n φ 2 t <= Λ * g2) ->
  φ η - φ 0 <= - η * (1 - η * Λ / 2) * g2.
Proof.
  intros pos smooth slope bent.
  destruct (Taylor_Lagrange φ 1 0 η pos) as (z & inside & ->).
  { intros t l k m. apply smooth; [lra|assumption]. }
  rewrite Rminus_0_r. unfold sum_f_R0. change (Derive_n φ 0 0) with (φ 0).
  change (Derive_n φ 1 0) with (Derive φ 0). rewrite slope.
  specialize (bent z inside). set (b := Derive_n φ 2 z) in *. clearbody b.
  replace (η ^ 2 / INR (fact 2) * b) with (η ^ 2 * b / 2) by (simpl; field).
  assert (η ^ 2 * b <= η ^ 2 * (Λ * g2)) by (apply Rmult_le_compat_l; [apply pow2_ge_0 | assumption]).
  replace (INR (fact 0)) with 1 by reflexivity. replace (INR (fact 1)) with 1 by reflexivity.
  lra.
Qed.
