(** * The unstable cone

    The space is E_u × E_c, both normed, with |v|² = |v_u|² + |v_c|². The cone 𝒞 holds the v with
    |v_c| <= |v_u|. *)
Require Import Reals Lra Psatz.
From Coquelicot Require Import Coquelicot.
Open Scope R_scope.
Set Implicit Arguments.

Section Cone.
Variables Eu Ec : NormedModule R_AbsRing.

Definition length (v : Eu * Ec) : R := sqrt (norm (fst v) ^ 2 + norm (snd v) ^ 2).
Definition in_cone (v : Eu * Ec) : Prop := norm (snd v) <= norm (fst v).
Definition sum (v w : Eu * Ec) : Eu * Ec := (plus (fst v) (fst w), plus (snd v) (snd w)).

(** [A] respects the splitting, stretches E_u by at least ν and does not stretch E_c. *)
Definition splits (A : Eu * Ec -> Eu * Ec) (ν : R) : Prop :=
  forall v, ν * norm (fst v) <= norm (fst (A v)) /\ norm (snd (A v)) <= norm (snd v).

Lemma parts_le_length v : norm (fst v) <= length v /\ norm (snd v) <= length v.
Proof.
  unfold length. pose proof (norm_ge_0 (fst v)) as u0. pose proof (norm_ge_0 (snd v)) as c0.
  split; [rewrite <- (sqrt_pow2 (norm (fst v))) at 1 by assumption |
          rewrite <- (sqrt_pow2 (norm (snd v))) at 1 by assumption];
    apply sqrt_le_1_alt; nra.
Qed.

Lemma cone_length v : in_cone v -> length v <= sqrt 2 * norm (fst v).
Proof.
  intro cone. pose proof (norm_ge_0 (fst v)) as u0. pose proof (norm_ge_0 (snd v)) as c0.
  unfold length, in_cone in *. rewrite <- (sqrt_pow2 (norm (fst v))) at 2 by assumption.
  rewrite <- sqrt_mult_alt by lra. apply sqrt_le_1_alt. nra.
Qed.

(** v' = Av + w with |w| <= κ|v|, as the mean value theorem gives in the ball, and γ = (ν + 1)/2. *)
Theorem lem_cone A ν v w : let κ := (ν - 1) / (2 * sqrt 2) in let γ := (1 + ν) / 2 in
  1 < ν -> splits A ν -> length w <= κ * length v -> in_cone v ->
  in_cone (sum (A v) w) /\ γ * norm (fst v) <= norm (fst (sum (A v) w)).
Proof.
  intros κ γ big A' small cone. destruct (A' v) as [up across].
  destruct (parts_le_length w) as [wu wc]. pose proof (cone_length cone) as lv.
  pose proof (norm_ge_0 (fst v)) as v0.
  assert (r2 : 0 < sqrt 2) by (apply sqrt_lt_R0; lra).
  assert (lw : length w <= (ν - 1) / 2 * norm (fst v)).
  { apply Rle_trans with (1 := small).
    replace ((ν - 1) / 2 * norm (fst v)) with (κ * (sqrt 2 * norm (fst v))) by (unfold κ; field; lra).
    apply Rmult_le_compat_l; [|exact lv]. unfold κ. apply Rdiv_le_0_compat; lra. }
  pose proof (norm_triangle_inv (fst (A v)) (opp (fst w))) as tri.
  unfold in_cone, sum in *; cbn [fst snd].
  assert (U : norm (fst (A v)) - norm (fst w) <= norm (plus (fst (A v)) (fst w))).
  { unfold minus in tri. rewrite opp_opp, norm_opp in tri. apply Rle_trans with (2 := tri). apply Rle_abs. }
  pose proof (norm_triangle (snd (A v)) (snd w)) as W.
  unfold γ. split; lra.
Qed.

(** Two orbits whose difference is in the cone move apart: they do not both stay in a bounded set. *)
Theorem lem_trapping (γ : R) (v : nat -> Eu * Ec) : 1 < γ ->
  (forall k, in_cone (v k) -> in_cone (v (S k)) /\ γ * norm (fst (v k)) <= norm (fst (v (S k)))) ->
  (exists bound, forall k, length (v k) <= bound) -> v 0%nat <> (zero, zero) ->
  norm (fst (v 0%nat)) < norm (snd (v 0%nat)).
Proof.
  intros big step [bound all] away. apply Rnot_le_lt. intro cone.
  assert (u0 : 0 < norm (fst (v 0%nat))).
  { destruct (norm_ge_0 (fst (v 0%nat))) as [l|e]; [exact l|]. exfalso. apply away.
    rewrite <- e in cone. pose proof (norm_ge_0 (snd (v 0%nat))).
    assert (z : norm (snd (v 0%nat)) = 0) by lra. symmetry in e.
    apply norm_eq_zero in e. apply norm_eq_zero in z.
    destruct (v 0%nat) as [a b]; simpl in *; congruence. }
  assert (grow : forall k, in_cone (v k) /\ γ ^ k * norm (fst (v 0%nat)) <= norm (fst (v k))).
  { induction k as [|k [c g]]; [split; [exact cone | simpl; lra]|].
    destruct (step k c) as [c' g']. split; [exact c'|]. simpl.
    apply Rle_trans with (2 := g'). rewrite Rmult_assoc. apply Rmult_le_compat_l; lra. }
  destruct (Pow_x_infinity γ ltac:(rewrite Rabs_pos_eq; lra) ((bound + 1) / norm (fst (v 0%nat)))) as [n far].
  specialize (far n (le_n n)). rewrite Rabs_pos_eq in far by (apply pow_le; lra).
  apply Rge_le, Rmult_le_compat_r with (r := norm (fst (v 0%nat))) in far; [|lra].
  unfold Rdiv in far. rewrite Rmult_assoc, Rinv_l in far by lra.
  destruct (grow n) as [_ g]. destruct (parts_le_length (v n)) as [u _]. specialize (all n). lra.
Qed.
End Cone.
