(** * The scalar net past the edge

    One input, one output and [k] hidden units, with the data X = Y = 1. A theorem has the label of
    the book's statement, with underscores. [h], [r], [u], [p], [q], [s] and [F] are those of the
    chapter "Past the edge"; [G] is one step with the step size [η]. *)
Require Import Reals Lra Lia Psatz.
From Coquelicot Require Import Coquelicot.
Open Scope R_scope.

(** Of a vector only the entries with an index below [k] matter. *)
Definition vector := nat -> R.

Fixpoint dot (k : nat) (x y : vector) : R :=
  match k with O => 0 | S n => dot n x y + x n * y n end.

Definition norm2 k x := dot k x x.

(** θ = (W_1, W_2), a column and a row. *)
Definition net : Type := vector * vector.

Section Net.
Variables (k : nat) (η : R).

Definition h := 2 * η.
Definition r (θ : net) := dot k (fst θ) (snd θ) - 1.
Definition loss (θ : net) := r θ ^ 2.
Definition u (θ : net) := h * r θ.
Definition p (θ : net) : vector := fun i => fst θ i + snd θ i.
Definition q (θ : net) : vector := fun i => fst θ i - snd θ i.
Definition s (θ : net) := norm2 k (fst θ) + norm2 k (snd θ).
Definition F (θ : net) := 4 - h * s θ + h ^ 2 * r θ.

Definition G (θ : net) : net :=
  (fun i => fst θ i - η * (2 * r θ * snd θ i), fun i => snd θ i - η * (2 * r θ * fst θ i)).
End Net.

(** ** The step is one of gradient descent *)

Definition moved (x : vector) (i : nat) (t : R) : vector :=
  fun j => if Nat.eqb j i then x j + t else x j.

Lemma dot_sym k x y : dot k x y = dot k y x.
Proof. induction k as [|k IH]; simpl; [lra | rewrite IH; ring]. Qed.

Lemma dot_moved k x y i t : (i < k)%nat -> dot k (moved x i t) y = dot k x y + t * y i.
Proof.
  assert (out : forall m, (m <= i)%nat -> dot m (moved x i t) y = dot m x y).
  { induction m as [|m IH]; intro l; simpl; [reflexivity|].
    rewrite IH by lia. unfold moved. destruct (Nat.eqb_spec m i); [lia | reflexivity]. }
  induction k as [|k IH]; intro l; [lia|]. simpl.
  destruct (Nat.eq_dec i k) as [->|ne].
  - rewrite out by lia. unfold moved. rewrite Nat.eqb_refl. ring.
  - rewrite IH by lia. unfold moved. destruct (Nat.eqb_spec k i); [lia | ring].
Qed.

(** Each entry of [G θ] is that of [θ] minus [η] times the partial derivative of the loss. *)
Theorem G_is_gradient_descent k η θ i : 0 < η -> (i < k)%nat ->
  is_derive (fun t => loss k (moved (fst θ) i t, snd θ)) 0 ((fst θ i - fst (G k η θ) i) / η) /\
  is_derive (fun t => loss k (fst θ, moved (snd θ) i t)) 0 ((snd θ i - snd (G k η θ) i) / η).
Proof.
  intros pos l. unfold loss, r, G; cbn [fst snd]. split.
  - apply (is_derive_ext (fun t => (dot k (fst θ) (snd θ) + t * snd θ i - 1) ^ 2)).
    { intro t. rewrite dot_moved; [reflexivity | assumption]. }
    auto_derive; [exact I|]. unfold r. field. lra.
  - apply (is_derive_ext (fun t => (dot k (snd θ) (fst θ) + t * fst θ i - 1) ^ 2)).
    { intro t. rewrite (dot_sym k (fst θ)), dot_moved; [reflexivity | assumption]. }
    auto_derive; [exact I|]. unfold r. rewrite (dot_sym k (snd θ)). field. lra.
Qed.

(** ** The planar map *)

Lemma dot_combine k a b a' b' x y : let z := fun i => a * x i + b * y i in
  let z' := fun i => a' * x i + b' * y i in
  dot k z z' = a * a' * norm2 k x + (a * b' + b * a') * dot k x y + b * b' * norm2 k y.
Proof. unfold norm2. cbv zeta. induction k as [|k IH]; simpl; [ring | rewrite IH; ring]. Qed.

Lemma dot_ext k x x' y y' : (forall i, x i = x' i) -> (forall i, y i = y' i) ->
  dot k x y = dot k x' y'.
Proof. intros E E'; induction k as [|k IH]; simpl; [lra | now rewrite IH, E, E']. Qed.

Lemma norm2_pq k θ :
  norm2 k (p θ) = s k θ + 2 * (r k θ + 1) /\ norm2 k (q θ) = s k θ - 2 * (r k θ + 1).
Proof.
  unfold s, r, norm2, p, q.
  induction k as [|k [IH1 IH2]]; simpl; [lra | rewrite IH1, IH2; split; ring].
Qed.

Lemma step_combined k η θ : let v := u k η θ in
  (forall i, fst (G k η θ) i = 1 * fst θ i + - v * snd θ i) /\
  (forall i, snd (G k η θ) i = - v * fst θ i + 1 * snd θ i).
Proof. unfold u, h, G; split; intro i; simpl; ring. Qed.

(** (a) and (b) *)
Theorem lem_planar_map k η θ :
  let h := h η in let u := u k η θ in let r := r k θ in let s := s k θ in let θ' := G k η θ in
  (forall i, p θ' i = (1 - u) * p θ i /\ q θ' i = (1 + u) * q θ i) /\
  u = h * ((norm2 k (p θ) - norm2 k (q θ)) / 4 - 1) /\
  scalar_net.r k θ' = r * (1 - h * s + h ^ 2 * r * (r + 1)) /\
  scalar_net.s k θ' = s * (1 + h ^ 2 * r ^ 2) - 4 * h * r * (r + 1).
Proof.
  intros h u r s θ'. destruct (step_combined k η θ) as [E1 E2]. fold θ' in E1, E2.
  assert (D : dot k (fst θ) (snd θ) = r + 1) by (unfold r, scalar_net.r; ring).
  assert (U : u = h * r) by reflexivity.
  repeat split.
  - unfold p. rewrite E1, E2. fold u. ring.
  - unfold q. rewrite E1, E2. fold u. ring.
  - destruct (norm2_pq k θ) as [-> ->]. fold s r. rewrite U. field.
  - unfold scalar_net.r at 1. rewrite (dot_ext _ _ _ _ _ E1 E2), dot_combine, D. fold u. rewrite U.
    replace (norm2 k (fst θ)) with (s - norm2 k (snd θ)) by (unfold s, scalar_net.s; ring). ring.
  - unfold scalar_net.s, norm2.
    rewrite (dot_ext _ _ _ _ _ E1 E1), (dot_ext _ _ _ _ _ E2 E2), !dot_combine, D. fold u. rewrite U.
    replace (norm2 k (fst θ)) with (s - norm2 k (snd θ)) by (unfold s, scalar_net.s; ring). ring.
Qed.

(** ** The factor of [F] *)

Definition A2 η := 4 * (2 / h η + 1).
Definition B2 η := 4 * (2 / h η - 1).

Lemma factor_positive η v : 0 < η < 1 -> 0 < 1 + h η * v + v ^ 2.
Proof. intros [l g]. unfold h. pose proof (pow2_ge_0 (v + η)). nra. Qed.

Theorem lem_basin_invariant k η θ :
  let F := F k η in let u := u k η θ in let θ' := G k η θ in
  F θ' = F θ * (1 + h η * u + u ^ 2) /\
  (0 < η < 1 ->
     0 < 1 + h η * u + u ^ 2 /\
     (0 < F θ -> 0 < F θ') /\ (F θ = 0 -> F θ' = 0) /\ (F θ < 0 -> F θ' < 0) /\
     (0 < F θ <-> norm2 k (p θ) / A2 η + norm2 k (q θ) / B2 η < 1)).
Proof.
  intros F u θ'. assert (E : F θ' = F θ * (1 + h η * u + u ^ 2)).
  { destruct (lem_planar_map k η θ) as (_ & _ & R' & S').
    unfold F, scalar_net.F, θ'. rewrite R', S'. unfold u, scalar_net.u. ring. }
  split; [exact E|]. intro small. pose proof (factor_positive η u small) as pos.
  rewrite E. split; [exact pos|]. set (c := 1 + h η * u + u ^ 2) in *.
  split; [|split; [|split]]; try (clearbody c F; intros; nra).
  assert (hp : 0 < h η) by (unfold h; lra). assert (hm : 0 < 2 - h η) by (unfold h; lra).
  assert (E' : F θ = (4 - h η ^ 2) * (1 - (norm2 k (p θ) / A2 η + norm2 k (q θ) / B2 η))).
  { destruct (norm2_pq k θ) as [-> ->]. unfold F, scalar_net.F, A2, B2. field. lra. }
  rewrite E'. assert (0 < 4 - h η ^ 2) by nra.
  set (v := norm2 k (p θ) / A2 η + norm2 k (q θ) / B2 η). clearbody v. split; nra.
Qed.

Lemma cos3 φ : cos (3 * φ) = 4 * cos φ ^ 3 - 3 * cos φ.
Proof.
  pose proof (sin2_cos2 φ) as one. unfold Rsqr in one.
  replace (3 * φ) with (2 * φ + φ) by ring. rewrite cos_plus, cos_2a_cos, sin_2a.
  replace (2 * sin φ * cos φ * sin φ) with (2 * (sin φ * sin φ) * cos φ) by ring.
  replace (sin φ * sin φ) with (1 - cos φ * cos φ) by lra. ring.
Qed.

(** One hidden unit; [p] and [q] have one entry. *)
Theorem cor_boundary_map η φ θ : 0 < η < 1 ->
  let A := sqrt (A2 η) in let B := sqrt (B2 η) in let θ' := G 1 η θ in
  p θ 0%nat = A * cos φ -> q θ 0%nat = B * sin φ ->
  F 1 η θ = 0 /\
  p θ' 0%nat = A * cos (PI - 3 * φ) /\ q θ' 0%nat = B * sin (PI - 3 * φ).
Proof.
  intros small A B θ' Ep Eq.
  assert (hp : 0 < h η < 2) by (unfold h; lra).
  assert (inv : 1 < 2 / h η).
  { apply Rmult_lt_reg_r with (h η); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
  assert (SA : A ^ 2 = A2 η) by (apply pow2_sqrt; unfold A2; lra).
  assert (SB : B ^ 2 = B2 η) by (apply pow2_sqrt; unfold B2; lra).
  assert (one : sin φ ^ 2 = 1 - cos φ ^ 2).
  { pose proof (sin2_cos2 φ) as E. unfold Rsqr in E. simpl. lra. }
  assert (P : norm2 1 (p θ) = A2 η * cos φ ^ 2).
  { unfold norm2, dot. rewrite Ep, <- SA. ring. }
  assert (Q : norm2 1 (q θ) = B2 η * (1 - cos φ ^ 2)).
  { unfold norm2, dot. rewrite Eq, <- SB, <- one. ring. }
  destruct (lem_planar_map 1 η θ) as (step & U & _). destruct (step 0%nat) as [P' Q'].
  assert (U' : u 1 η θ = 2 * (2 * cos φ ^ 2 - 1)).
  { rewrite U, P, Q. unfold A2, B2. field. lra. }
  split.
  - destruct (norm2_pq 1 θ) as [E1 E2]. unfold F.
    replace (s 1 θ) with ((norm2 1 (p θ) + norm2 1 (q θ)) / 2) by (rewrite E1, E2; field).
    replace (r 1 θ) with ((norm2 1 (p θ) - norm2 1 (q θ)) / 4 - 1) by (rewrite E1, E2; field).
    rewrite P, Q. unfold A2, B2. field. lra.
  - unfold θ'. rewrite P', Q', U', Ep, Eq.
    rewrite Rtrigo_facts.cos_pi_minus, Rtrigo_facts.sin_pi_minus, cos3.
    assert (s3 : sin (3 * φ) = (4 * cos φ ^ 2 - 1) * sin φ).
    { replace (3 * φ) with (2 * φ + φ) by ring. rewrite sin_plus, cos_2a_cos, sin_2a. ring. }
    rewrite s3. split; ring.
Qed.

(** ** The Lyapunov function *)

(** The real power [c^a] of [c >= 0], for [a > 0]. *)
Definition power c a := if Req_EM_T c 0 then 0 else Rpower c a.

Definition V k η θ := power (sqrt (norm2 k (q θ))) (h η) / Rabs (F k η θ).
Definition κ η v := (1 - η) * v ^ 2 / (1 + h η * v + v ^ 2).

Lemma power_nonneg c a : 0 <= power c a.
Proof. unfold power. destruct (Req_EM_T c 0); [lra | left; apply exp_pos]. Qed.

Lemma power_mult c d a : 0 <= c -> 0 <= d -> power (c * d) a = power c a * power d a.
Proof.
  intros c0 d0. unfold power.
  destruct (Req_EM_T c 0) as [->|nc]. { destruct (Req_EM_T (0 * d) 0); lra. }
  destruct (Req_EM_T d 0) as [->|nd]. { destruct (Req_EM_T (c * 0) 0); lra. }
  destruct (Req_EM_T (c * d) 0) as [z|_]; [apply Rmult_integral in z; lra|].
  symmetry. apply Rpower_mult_distr; lra.
Qed.

Lemma ln_le_minus_one z : 0 < z -> ln z <= z - 1.
Proof.
  intro pos. rewrite <- (ln_exp (z - 1)). apply ln_le; [assumption|].
  pose proof (exp_ineq1_le (z - 1)). lra.
Qed.

(** The inequality of weighted means. *)
Lemma weighted_means η c : 0 < η < 1 -> 0 <= c -> power c (2 * η) <= 1 - η + η * c ^ 2.
Proof.
  intros small c0. unfold power. destruct (Req_EM_T c 0) as [->|nc]; [nra|].
  assert (pos : 0 < c) by lra. set (m := 1 - η + η * c ^ 2).
  assert (mp : 0 < m) by (unfold m; nra). unfold Rpower. rewrite <- (exp_ln m) by assumption.
  assert (le : 2 * η * ln c <= ln m).
  2: { destruct le as [l | ->]; [left; now apply exp_increasing | right; reflexivity]. }
  pose proof (ln_le_minus_one (/ m) (Rinv_0_lt_compat _ mp)) as first.
  assert (cm : 0 < c ^ 2 / m) by (apply Rdiv_lt_0_compat; [nra | assumption]).
  pose proof (ln_le_minus_one (c ^ 2 / m) cm) as second.
  rewrite ln_Rinv in first by assumption.
  unfold Rdiv in second. rewrite ln_mult in second; [|nra|now apply Rinv_0_lt_compat].
  rewrite ln_Rinv in second by assumption.
  replace (ln (c ^ 2)) with (2 * ln c) in second by (simpl; rewrite Rmult_1_r, ln_mult by assumption; ring).
  assert (E : (1 - η) * (/ m - 1) + η * (c ^ 2 * / m - 1) = 0).
  { unfold m. field. fold m. lra. }
  nra.
Qed.

Theorem lem_lyapunov_function k η : 0 < η < 1 ->
  (forall u, power (Rabs (1 + u)) (h η) <= 1 + h η * u + u ^ 2 - (1 - η) * u ^ 2) /\
  (forall θ, F k η θ <> 0 ->
     V k η (G k η θ) <= (1 - κ η (u k η θ)) * V k η θ /\ V k η (G k η θ) <= V k η θ).
Proof.
  intro small.
  assert (young : forall u, power (Rabs (1 + u)) (h η) <= 1 + h η * u + u ^ 2 - (1 - η) * u ^ 2).
  { intro v. pose proof (weighted_means η (Rabs (1 + v)) small (Rabs_pos _)) as w.
    rewrite pow2_abs in w. unfold h. lra. }
  split; [exact young|]. intros θ nz. set (v := u k η θ).
  pose proof (factor_positive η v small) as pos.
  assert (VG : V k η (G k η θ) = power (Rabs (1 + v)) (h η) / (1 + h η * v + v ^ 2) * V k η θ).
  { unfold V. destruct (lem_basin_invariant k η θ) as [-> _].
    destruct (lem_planar_map k η θ) as (step & _).
    assert (Q : norm2 k (q (G k η θ)) = (1 + v) ^ 2 * norm2 k (q θ)).
    { unfold norm2. rewrite (dot_ext k _ (fun i => (1 + v) * q θ i + 0 * q θ i)
        _ (fun i => (1 + v) * q θ i + 0 * q θ i)) by (intro i; rewrite (proj2 (step i)); unfold v; ring).
      rewrite dot_combine. unfold norm2. ring. }
    rewrite Q, sqrt_mult_alt, <- (pow2_abs (1 + v)), sqrt_pow2, power_mult
      by auto using Rabs_pos, sqrt_pos, pow2_ge_0.
    fold v. rewrite Rabs_mult, (Rabs_pos_eq (1 + h η * v + v ^ 2)) by lra.
    field. split; [now apply Rabs_no_R0 | lra]. }
  assert (V0 : 0 <= V k η θ).
  { apply Rmult_le_pos; [apply power_nonneg | left; now apply Rinv_0_lt_compat, Rabs_pos_lt]. }
  assert (K : power (Rabs (1 + v)) (h η) / (1 + h η * v + v ^ 2) <= 1 - κ η v).
  { unfold κ. apply Rmult_le_reg_r with (1 + h η * v + v ^ 2); [exact pos|].
    specialize (young v). field_simplify; nra. }
  assert (K0 : 0 <= κ η v).
  { unfold κ. apply Rmult_le_pos; [nra | left; now apply Rinv_0_lt_compat]. }
  rewrite VG. split; [|nra]. now apply Rmult_le_compat_r.
Qed.

(** ** The balanced line *)

Definition f η z := (1 + h η) * z - h η * z ^ 3.

Theorem prop_two_cycle η : 1 / 2 < η ->
  exists a b, 0 < a < 1 /\ 1 < b /\ f η a = b /\ f η b = a /\
    a * b = 1 / h η /\ a + b = sqrt (1 + 3 / h η) /\
    forall a' b', 0 < a' < b' -> f η a' = b' -> f η b' = a' -> a' = a /\ b' = b.
Proof.
  intro big. assert (h1 : 1 < h η) by (unfold h; lra). unfold f. set (H := h η) in *. clearbody H.
  assert (inv : 0 < 1 / H < 1).
  { split; [apply Rdiv_lt_0_compat; lra|]. apply Rmult_lt_reg_r with H; [lra|]. field_simplify; lra. }
  assert (Hinv : H * (1 / H) = 1) by (field; lra).
  set (S := sqrt (1 + 3 / H)). set (D := sqrt (1 - 1 / H)).
  assert (S2 : S * S = 1 + 3 * (1 / H)) by (unfold S; rewrite sqrt_sqrt; unfold Rdiv in *; lra).
  assert (D2 : D * D = 1 - 1 / H) by (unfold D; apply sqrt_sqrt; lra).
  assert (D0 : 0 < D) by (apply sqrt_lt_R0; lra).
  assert (S0 : 0 < S) by (apply sqrt_lt_R0; unfold Rdiv in *; lra).
  set (i := 1 / H) in *. clearbody i S D.
  assert (DS : D < S) by nra.
  assert (prod : (S - D) / 2 * ((S + D) / 2) = i) by nra.
  exists ((S - D) / 2), ((S + D) / 2).
  assert (cycle : forall a b, a * b = i -> (a + b) * (a + b) = 1 + 3 * i -> (1 + H) * a - H * a ^ 3 = b).
  { intros a b ab sum. assert (a2 : a * a = 1 + i - b * b) by lra.
    assert (E : H * a ^ 3 = H * a * (a * a)) by ring. rewrite E, a2.
    replace (H * a * (1 + i - b * b)) with (H * a + a * (H * i) - b * (H * (a * b))) by ring.
    rewrite ab, Hinv. ring. }
  assert (sum : ((S - D) / 2 + (S + D) / 2) * ((S - D) / 2 + (S + D) / 2) = 1 + 3 * i) by nra.
  assert (sep : (1 - ((S - D) / 2) * ((S - D) / 2)) * (1 - ((S + D) / 2) * ((S + D) / 2)) < 0) by nra.
  assert (one : (S - D) / 2 < 1 < (S + D) / 2) by (split; apply Rnot_le_lt; intro; nra).
  assert (only : forall a b, 0 < a < b -> (1 + H) * a - H * a ^ 3 = b -> (1 + H) * b - H * b ^ 3 = a ->
    a = (S - D) / 2 /\ b = (S + D) / 2).
  { intros a b [a0 ab] fa fb.
    assert (plus : (a + b) * (H * (a ^ 2 - a * b + b ^ 2) - H) = 0) by (ring_simplify; nra).
    assert (minus : (a - b) * (H * (a ^ 2 + a * b + b ^ 2) - H - 2) = 0) by (ring_simplify; nra).
    apply Rmult_integral in plus; apply Rmult_integral in minus.
    destruct plus as [plus|plus]; [lra|]. destruct minus as [minus|minus]; [lra|].
    assert (ab' : a * b = i) by (apply Rmult_eq_reg_l with H; lra).
    assert (s2 : (a + b) * (a + b) = S * S).
    { rewrite S2. apply Rmult_eq_reg_l with H; [|lra].
      replace (H * ((a + b) * (a + b))) with (H * (a ^ 2 - a * b + b ^ 2) + 3 * H * (a * b)) by ring.
      rewrite ab'. lra. }
    assert (d2 : (b - a) * (b - a) = D * D) by (rewrite D2; lra).
    assert (a + b = S) by nra. assert (b - a = D) by nra. lra. }
  repeat split; try lra.
  - now apply cycle.
  - apply cycle; [rewrite Rmult_comm | rewrite Rplus_comm]; assumption.
  - now apply (only a' b').
  - now apply (only a' b').
Qed.

(** The point with given [p] and [q], for one hidden unit. *)
Definition point (P Q : R) : net := (fun _ => (P + Q) / 2, fun _ => (P - Q) / 2).

Lemma two_steps η P Q : let u := h η * ((P ^ 2 - Q ^ 2) / 4 - 1) in
  let u' := h η * ((((1 - u) * P) ^ 2 - ((1 + u) * Q) ^ 2) / 4 - 1) in
  let θ := G 1 η (G 1 η (point P Q)) in
  p θ 0%nat = (1 - u') * ((1 - u) * P) /\ q θ 0%nat = (1 + u') * ((1 + u) * Q).
Proof. unfold p, q, G, r, point, h; cbn [dot fst snd]; split; field. Qed.

(** In the coordinates (p, q) the derivative of [G²] at (a, a), where p = 2a and q = 0, is diagonal.
    Both entries are less than one in modulus exactly up to h = √5 − 1. *)
Theorem prop_two_cycle_multipliers η a b : 1 / 2 < η -> f η a = b -> f η b = a -> 0 < a < b ->
  let h := h η in let μp := 9 - 2 * (1 + h) ^ 2 in let μq := 3 - 2 * h in
  let G2 θ := G 1 η (G 1 η θ) in
  is_derive (fun t => p (G2 (point t 0)) 0%nat) (2 * a) μp /\
  is_derive (fun t => q (G2 (point t 0)) 0%nat) (2 * a) 0 /\
  is_derive (fun t => p (G2 (point (2 * a) t)) 0%nat) 0 0 /\
  is_derive (fun t => q (G2 (point (2 * a) t)) 0%nat) 0 μq /\
  (η < (sqrt 5 - 1) / 2 -> Rabs μp < 1 /\ Rabs μq < 1) /\ ((sqrt 5 - 1) / 2 < η -> μp < -1).
Proof.
  intros big fa fb order H μp μq G2.
  assert (H1 : 1 < H) by (unfold H, h; lra).
  destruct (prop_two_cycle η big) as (a' & b' & _ & _ & _ & _ & prod & sum & only).
  destruct (only a b ltac:(lra) fa fb) as [<- <-]. clear only. fold H in prod, sum.
  assert (S : (a + b) ^ 2 = 1 + 3 / H).
  { rewrite sum. apply pow2_sqrt. assert (0 < 3 / H) by (apply Rdiv_lt_0_compat; lra). lra. }
  assert (hab : H * (a * b) = 1) by (rewrite prod; field; lra).
  assert (hs : H * (a + b) ^ 2 = H + 3) by (rewrite S; field; lra).
  assert (sq : H * (a ^ 2 + b ^ 2) = H + 1) by nra.
  assert (hab2 : H ^ 2 * (a ^ 2 * b ^ 2) = 1) by nra.
  assert (along : (1 + H - 3 * H * b ^ 2) * (1 + H - 3 * H * a ^ 2) = μp).
  { replace ((1 + H - 3 * H * b ^ 2) * (1 + H - 3 * H * a ^ 2))
      with ((1 + H) ^ 2 - 3 * (1 + H) * (H * (a ^ 2 + b ^ 2)) + 9 * (H ^ 2 * (a ^ 2 * b ^ 2))) by ring.
    rewrite sq, hab2. unfold μp. ring. }
  assert (across : (1 + H * (b ^ 2 - 1)) * (1 + H * (a ^ 2 - 1)) = μq).
  { replace ((1 + H * (b ^ 2 - 1)) * (1 + H * (a ^ 2 - 1)))
      with ((1 - H) ^ 2 + (1 - H) * (H * (a ^ 2 + b ^ 2)) + H ^ 2 * (a ^ 2 * b ^ 2)) by ring.
    rewrite sq, hab2. unfold μq. ring. }
  unfold f in fa. fold H in fa.
  pose proof (two_steps η) as steps. cbv zeta in steps. fold H in steps.
  split; [|split; [|split; [|split; [|split]]]].
  - eapply is_derive_ext; [intro t; symmetry; apply (steps t 0)|].
    auto_derive; [exact I|]. rewrite <- along, <- fa. field.
  - apply (is_derive_ext (fun _ => 0)); [intro t | auto_derive; auto].
    assert (E : q (G2 (point t 0)) 0%nat = 0) by (unfold G2; rewrite (proj2 (steps t 0)); ring).
    now rewrite E.
  - eapply is_derive_ext; [intro t; symmetry; apply (steps (2 * a) t)|].
    auto_derive; [exact I|]. field.
  - eapply is_derive_ext; [intro t; symmetry; apply (steps (2 * a) t)|].
    auto_derive; [exact I|]. rewrite <- across, <- fa. field.
  - intro small. pose proof (sqrt_pos 5). assert (sqrt 5 * sqrt 5 = 5) by (apply sqrt_sqrt; lra).
    assert (H < sqrt 5 - 1) by (unfold H, h; lra). assert (sqrt 5 < 3) by nra.
    split; apply Rabs_lt_between; unfold μp, μq; nra.
  - intro large. pose proof (sqrt_pos 5). assert (sqrt 5 * sqrt 5 = 5) by (apply sqrt_sqrt; lra).
    assert (sqrt 5 - 1 < H) by (unfold H, h; lra). unfold μp. nra.
Qed.

(** ** The interval *)

Lemma line_identity η z : 0 < η -> let u := h η * (z ^ 2 - 1) in
  1 + 2 / h η - f η z ^ 2 = (1 + 2 / h η - z ^ 2) * (1 + h η * u + u ^ 2).
Proof. intros pos u. assert (h η <> 0) by (unfold h; lra). unfold u, f. field. assumption. Qed.

Lemma outside_escapes η z : 0 < η -> 1 + 2 / h η < z ^ 2 ->
  is_lim_seq (fun n => Rabs (Nat.iter n (f η) z)) p_infty.
Proof.
  intros pos out. assert (hp : 0 < h η) by (unfold h; lra). unfold f. set (H := h η) in *. clearbody H.
  set (g := H * (z ^ 2 - 1) - 1).
  assert (hz : H * z ^ 2 > H + 2).
  { replace (H + 2) with (H * (1 + 2 / H)) by (field; lra). nra. }
  assert (g1 : 1 < g) by (unfold g; nra).
  set (f := fun w => (1 + H) * w - H * w ^ 3).
  assert (grow : forall n, g ^ n * Rabs z <= Rabs (Nat.iter n f z)).
  { induction n as [|n IH]; [simpl; lra|].
    set (w := Nat.iter n f z) in *. change (Nat.iter (S n) f z) with (f w).
    assert (gn : 1 <= g ^ n) by (apply pow_R1_Rle; lra).
    assert (bigger : z ^ 2 <= w ^ 2).
    { rewrite <- (pow2_abs z), <- (pow2_abs w). apply pow_incr. pose proof (Rabs_pos z). nra. }
    assert (E : f w = - ((H * (w ^ 2 - 1) - 1) * w)) by (unfold f; ring).
    rewrite E, Rabs_Ropp, Rabs_mult.
    rewrite (Rabs_pos_eq (H * (w ^ 2 - 1) - 1)) by (unfold g in g1; nra).
    assert (gw : g <= H * (w ^ 2 - 1) - 1) by (unfold g; nra).
    pose proof (Rabs_pos w). pose proof (Rabs_pos z). simpl.
    apply Rle_trans with (g * Rabs w); [nra|]. apply Rmult_le_compat_r; assumption. }
  assert (zp : 0 < Rabs z) by (apply Rabs_pos_lt; intro E; rewrite E in hz; nra).
  apply is_lim_seq_le_p_loc with (fun n => g ^ n * Rabs z); [exists 0%nat; intros; apply grow|].
  apply is_lim_seq_ext with (fun n => Rabs z * g ^ n); [intro; ring|].
  replace p_infty with (Rbar_mult (Rabs z) p_infty).
  - apply is_lim_seq_scal_l. now apply is_lim_seq_geom_p.
  - apply is_Rbar_mult_unique, is_Rbar_mult_sym. now apply is_Rbar_mult_p_infty_pos.
Qed.

(** The identity, (a) and (b) *)
Theorem prop_interval η z : 0 < η ->
  let h := h η in let e := sqrt (1 + 2 / h) in let u := h * (z ^ 2 - 1) in
  e ^ 2 - f η z ^ 2 = (e ^ 2 - z ^ 2) * (1 + h * u + u ^ 2) /\
  (e < Rabs z -> is_lim_seq (fun n => Rabs (Nat.iter n (f η) z)) p_infty) /\
  f η e = - e /\ f η (- e) = e /\
  (η <= 1 -> - e <= z <= e -> - e <= f η z <= e).
Proof.
  intros pos H e u. assert (hp : 0 < H) by (unfold H, h; lra).
  assert (inv : 0 < 2 / H) by (apply Rdiv_lt_0_compat; lra).
  assert (e2 : e ^ 2 = 1 + 2 / H) by (apply pow2_sqrt; lra).
  assert (e0 : 0 < e) by (apply sqrt_lt_R0; lra).
  assert (fe : f η e = - e).
  { unfold f. fold H. replace (e ^ 3) with (e * e ^ 2) by ring. rewrite e2. field. lra. }
  assert (E := line_identity η z pos). cbv zeta in E. fold H u in E.
  split; [|split; [|split; [|split]]].
  - now rewrite e2.
  - intro out. apply outside_escapes; [assumption|]. fold H. rewrite <- e2, <- (pow2_abs z).
    pose proof (Rabs_pos z). nra.
  - exact fe.
  - replace (f η (- e)) with (- f η e) by (unfold f; ring). lra.
  - intros small inside. assert (c0 : 0 <= 1 + H * u + u ^ 2).
    { pose proof (pow2_ge_0 (u + η)). unfold H, h. nra. }
    rewrite <- e2 in E.
    pose proof (Rmult_le_pos (e ^ 2 - z ^ 2) _ ltac:(nra) c0). split; nra.
Qed.

(** (a): the map of the line is conjugate to -T₃ at the step size one. *)
Definition T3 w := 4 * w ^ 3 - 3 * w.

Theorem prop_chebyshev : let e := sqrt (1 + 2 / h 1) in
  e = sqrt 2 /\
  (forall φ, f 1 (sqrt 2 * cos φ) = - (sqrt 2 * cos (3 * φ))) /\
  (forall φ, T3 (cos φ) = cos (3 * φ)) /\
  (forall w, f 1 (sqrt 2 * w) = sqrt 2 * (- T3 w)).
Proof.
  assert (E : forall w, f 1 (sqrt 2 * w) = sqrt 2 * (- T3 w)).
  { intro w. unfold f, T3, h.
    replace ((sqrt 2 * w) ^ 3) with (sqrt 2 * sqrt 2 * (sqrt 2 * w ^ 3)) by ring.
    rewrite sqrt_sqrt by lra. ring. }
  split; [unfold h; f_equal; field|]. split; [|split; [|exact E]]; intro φ; [rewrite E|];
    unfold T3; rewrite cos3; ring.
Qed.

(** ** An explicit convergence set *)

Lemma geometric_steps_converge a C ρ : 0 <= ρ < 1 ->
  (forall t : nat, Rabs (a (S t) - a t) <= C * ρ ^ t) -> ex_finite_lim_seq a.
Proof.
  intros small steps.
  assert (sums : ex_series (fun t => a (S t) - a t)).
  { apply (@ex_series_le R_AbsRing R_CompleteNormedModule _ (fun t => C * ρ ^ t)); [exact steps|].
    apply (ex_series_scal C (fun t => ρ ^ t)), ex_series_geom. rewrite Rabs_pos_eq; lra. }
  destruct sums as [l lim]. exists (l + a 0%nat). apply is_lim_seq_incr_1.
  apply is_lim_seq_ext with (fun n => sum_n (fun t => a (S t) - a t) n + a 0%nat).
  { induction n as [|n IH]; [rewrite sum_O; ring|]. rewrite sum_Sn.
    change plus with Rplus. lra. }
  apply (is_lim_seq_plus' _ _ l (a 0%nat)); [exact lim | apply is_lim_seq_const].
Qed.

Lemma dot_limit k (x y : nat -> vector) (x' y' : vector) :
  (forall i, (i < k)%nat -> is_lim_seq (fun t => x t i) (x' i) /\ is_lim_seq (fun t => y t i) (y' i)) ->
  is_lim_seq (fun t => dot k (x t) (y t)) (dot k x' y').
Proof.
  induction k as [|k IH]; intro lims; simpl; [apply is_lim_seq_const|].
  apply is_lim_seq_plus'; [apply IH; intros; apply lims; lia|].
  destruct (lims k ltac:(lia)). now apply is_lim_seq_mult'.
Qed.

Lemma norm2_nonneg k x : 0 <= norm2 k x.
Proof. unfold norm2. induction k as [|k IH]; simpl; [lra | nra]. Qed.

Lemma entry_le_norm2 k x i : (i < k)%nat -> x i ^ 2 <= norm2 k x.
Proof.
  induction k as [|k IH]; intro l; [lia|]. change (norm2 (S k) x) with (norm2 k x + x k * x k).
  pose proof (norm2_nonneg k x). destruct (Nat.eq_dec i k) as [->|]; [nra|].
  specialize (IH ltac:(lia)). nra.
Qed.

(** ‖p‖‖q‖, the imbalance *)
Definition δ k θ := sqrt (norm2 k (p θ)) * sqrt (norm2 k (q θ)).

Lemma δ_sq k θ : δ k θ ^ 2 = norm2 k (p θ) * norm2 k (q θ).
Proof. unfold δ. rewrite Rpow_mult_distr, !pow2_sqrt by apply norm2_nonneg. reflexivity. Qed.

(** One step, where [D = δ₀²] and [S] is the root in the condition. *)
Lemma explicit_step k η c D S θ : 0 < η -> 0 <= c <= 1 / 2 -> 0 <= S -> S ^ 2 = D + 4 * (1 + c) ^ 2 ->
  h η < 1 -> Rabs (r k θ) <= c -> δ k θ ^ 2 <= D ->
  let ρ := Rmax (Rmax (1 - h η * (1 - c) * (2 - h η * c)) (h η * S + h η ^ 2 * (c * (1 - c)) - 1)) 0 in
  Rabs (r k (G k η θ)) <= ρ * Rabs (r k θ) /\ δ k (G k η θ) ^ 2 <= D /\ 0 <= s k θ <= S.
Proof.
  intros pos hc S0 S2 h1 rc dD ρ. assert (h0 : 0 < h η) by (unfold h; lra).
  destruct (lem_planar_map k η θ) as (step & _ & R' & _).
  destruct (norm2_pq k θ) as [P Q]. pose proof (norm2_nonneg k (p θ)) as P0.
  pose proof (norm2_nonneg k (q θ)) as Q0.
  rewrite δ_sq, P, Q in dD. rewrite P in P0. rewrite Q in Q0. set (rr := r k θ) in *. set (ss := s k θ) in *. set (H := h η) in *.
  assert (rb : - c <= rr <= c) by (apply Rabs_le_between; exact rc).
  assert (s0 : 0 <= ss) by lra.
  assert (slo : 2 * (1 + rr) <= ss) by nra.
  assert (shi : ss <= S) by nra.
  split; [|split; [|lra]].
  - rewrite R', Rabs_mult, Rmult_comm. apply Rmult_le_compat_r; [apply Rabs_pos|].
    set (γ := 1 - H * ss + H ^ 2 * rr * (rr + 1)).
    assert (up : γ <= 1 - H * (1 - c) * (2 - H * c)).
    { assert ((1 - c) * (2 - H * c) <= (1 + rr) * (2 - H * rr)) by (apply Rmult_le_compat; nra).
      unfold γ. nra. }
    assert (down : - γ <= H * S + H ^ 2 * (c * (1 - c)) - 1).
    { assert (- (c * (1 - c)) <= rr * (rr + 1)) by nra. unfold γ.
      assert (H * ss <= H * S) by nra. assert (0 < H ^ 2) by nra. nra. }
    unfold ρ. apply Rle_trans with (2 := Rmax_l _ _).
    unfold Rabs. destruct (Rcase_abs γ);
      [apply Rle_trans with (2 := Rmax_r _ _) | apply Rle_trans with (2 := Rmax_l _ _)]; assumption.
  - assert (N : forall f g a, (forall i, f i = a * g i) -> norm2 k f = a ^ 2 * norm2 k g).
    { intros f g a E. unfold norm2. rewrite (dot_ext k f (fun i => a * g i + 0 * g i) f
        (fun i => a * g i + 0 * g i)) by (intro i; rewrite E; ring). rewrite dot_combine. unfold norm2. ring. }
    rewrite δ_sq, (N _ _ _ (fun i => proj1 (step i))), (N _ _ _ (fun i => proj2 (step i))), P, Q.
    fold rr ss. set (v := u k η θ). assert (V : v = H * rr) by reflexivity.
    assert (vb : -1 <= v <= 1) by (rewrite V; split; nra).
    replace ((1 - v) ^ 2 * (ss + 2 * (rr + 1)) * ((1 + v) ^ 2 * (ss - 2 * (rr + 1))))
      with ((1 - v ^ 2) ^ 2 * ((ss + 2 * (rr + 1)) * (ss - 2 * (rr + 1)))) by ring.
    assert (w : 0 <= 1 - v ^ 2 <= 1) by nra. set (w' := 1 - v ^ 2) in *. clearbody w'.
    assert (w2 : 0 <= w' ^ 2 <= 1) by nra.
    pose proof (Rmult_le_pos _ _ P0 Q0) as PQ.
    pose proof (Rmult_le_compat_r _ _ _ PQ (proj2 w2)). lra.
Qed.

(** All but the interior points *)
Theorem prop_explicit_set k η c θ0 : 0 < η -> 0 <= c <= 1 / 2 -> Rabs (r k θ0) <= c ->
  h η * sqrt (δ k θ0 ^ 2 + 4 * (1 + c) ^ 2) < 2 - h η ^ 2 * c * (1 - c) ->
  let θ t := Nat.iter t (G k η) θ0 in
  η < 1 / 2 /\
  (exists ρ, 0 <= ρ < 1 /\ forall t, Rabs (r k (θ (S t))) <= ρ * Rabs (r k (θ t))) /\
  (exists limit, r k limit = 0 /\ forall i, (i < k)%nat ->
     is_lim_seq (fun t => fst (θ t) i) (fst limit i) /\ is_lim_seq (fun t => snd (θ t) i) (snd limit i)).
Proof.
  intros pos hc rc cond θ. set (D := δ k θ0 ^ 2) in *. set (S := sqrt (D + 4 * (1 + c) ^ 2)) in *.
  assert (D0 : 0 <= D) by apply pow2_ge_0.
  assert (S2 : S ^ 2 = D + 4 * (1 + c) ^ 2) by (apply pow2_sqrt; nra).
  assert (S0 : 0 <= S) by apply sqrt_pos.
  assert (big : 2 * (1 + c) <= S) by nra.
  assert (h0 : 0 < h η) by (unfold h; lra).
  assert (h1 : h η < 1) by (assert (0 <= h η ^ 2 * c * (1 - c)) by (apply Rmult_le_pos; nra); nra).
  set (ρ := Rmax (Rmax (1 - h η * (1 - c) * (2 - h η * c)) (h η * S + h η ^ 2 * (c * (1 - c)) - 1)) 0).
  assert (ρ1 : 0 <= ρ < 1).
  { split; [apply Rmax_r|]. unfold ρ. repeat apply Rmax_lub_lt; [|lra|lra].
    assert (0 < h η * (1 - c) * (2 - h η * c)) by (repeat apply Rmult_lt_0_compat; nra). lra. }
  assert (inv : forall t, Rabs (r k (θ t)) <= c /\ δ k (θ t) ^ 2 <= D).
  { induction t as [|t [IH1 IH2]]; [split; [exact rc | apply Rle_refl]|].
    destruct (explicit_step k η c D S (θ t) pos hc S0 S2 h1 IH1 IH2) as (a & b & _). fold ρ in a.
    split; [|exact b]. change (θ (Datatypes.S t)) with (G k η (θ t)). pose proof (Rabs_pos (r k (θ t))). nra. }
  assert (step : forall t, Rabs (r k (θ (Datatypes.S t))) <= ρ * Rabs (r k (θ t)) /\ 0 <= s k (θ t) <= S).
  { intro t. destruct (inv t) as [a b].
    destruct (explicit_step k η c D S (θ t) pos hc S0 S2 h1 a b) as (a' & _ & b'). now split. }
  assert (geo : forall t, Rabs (r k (θ t)) <= c * ρ ^ t).
  { induction t as [|t IH]; [simpl; lra|]. apply Rle_trans with (1 := proj1 (step t)). simpl.
    apply Rle_trans with (ρ * (c * ρ ^ t)); [apply Rmult_le_compat_l; lra | right; ring]. }
  split; [unfold h in h1; lra|]. split; [exists ρ; split; [exact ρ1 | intro t; apply step]|].
  assert (conv : forall i, (i < k)%nat -> ex_finite_lim_seq (fun t => fst (θ t) i) /\
                                         ex_finite_lim_seq (fun t => snd (θ t) i)).
  { intros i l.
    assert (bound : forall t w, w ^ 2 <= s k (θ t) -> Rabs (- (2 * η * r k (θ t)) * w) <= h η * c * (S + 1) * ρ ^ t).
    { intros t w ws. destruct (step t) as [_ sS]. rewrite Rabs_mult, Rabs_Ropp, Rabs_mult.
      rewrite (Rabs_pos_eq (2 * η)) by lra. fold (h η).
      assert (Rabs w <= S + 1).
      { pose proof (Rabs_pos w). rewrite <- (pow2_abs w) in ws. nra. }
      apply Rle_trans with (h η * (c * ρ ^ t) * (S + 1)); [|right; ring].
      apply Rmult_le_compat; [apply Rmult_le_pos; [lra|apply Rabs_pos] | apply Rabs_pos | | assumption].
      apply Rmult_le_compat_l; [lra | apply geo]. }
    split; apply (geometric_steps_converge _ (h η * c * (S + 1)) ρ ρ1); intro t;
      change (θ (Datatypes.S t)) with (G k η (θ t)); unfold G; cbn [fst snd];
      pose proof (entry_le_norm2 k (fst (θ t)) i l); pose proof (entry_le_norm2 k (snd (θ t)) i l);
      pose proof (norm2_nonneg k (fst (θ t))); pose proof (norm2_nonneg k (snd (θ t))).
    - replace (fst (θ t) i - η * (2 * r k (θ t) * snd (θ t) i) - fst (θ t) i)
        with (- (2 * η * r k (θ t)) * snd (θ t) i) by ring. apply bound. unfold s. lra.
    - replace (snd (θ t) i - η * (2 * r k (θ t) * fst (θ t) i) - snd (θ t) i)
        with (- (2 * η * r k (θ t)) * fst (θ t) i) by ring. apply bound. unfold s. lra. }
  exists (fun i => real (Lim_seq (fun t => fst (θ t) i)), fun i => real (Lim_seq (fun t => snd (θ t) i))).
  cbn [fst snd].
  assert (lims : forall i, (i < k)%nat ->
     is_lim_seq (fun t => fst (θ t) i) (real (Lim_seq (fun t => fst (θ t) i))) /\
     is_lim_seq (fun t => snd (θ t) i) (real (Lim_seq (fun t => snd (θ t) i)))).
  { intros i l. destruct (conv i l) as [a b]. split; now apply Lim_seq_correct'. }
  split; [|exact lims].
  assert (L : is_lim_seq (fun t => r k (θ t)) 0).
  { apply is_lim_seq_abs_0, (is_lim_seq_le_le (fun _ => 0) _ (fun t => c * ρ ^ t)).
    - intro t. split; [apply Rabs_pos | apply geo].
    - apply is_lim_seq_const.
    - replace (Finite 0) with (Rbar_mult c 0) by (simpl; f_equal; ring).
      apply is_lim_seq_scal_l, is_lim_seq_geom. rewrite Rabs_pos_eq; lra. }
  apply is_lim_seq_unique in L.
  assert (L' : is_lim_seq (fun t => r k (θ t)) (dot k (fun i => real (Lim_seq (fun t => fst (θ t) i)))
      (fun i => real (Lim_seq (fun t => snd (θ t) i))) - 1)).
  { unfold r. apply is_lim_seq_minus'; [|apply is_lim_seq_const]. now apply dot_limit. }
  apply is_lim_seq_unique in L'. rewrite L in L'. unfold r. cbn [fst snd]. injection L'. lra.
Qed.
