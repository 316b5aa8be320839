(** * A flattest minimizer

    The point of the theorem on the flattest minimizer, and a bound from above for its sharpness. The
    bound from below, for every minimizer, is [lem_sharpness_floor]. *)
From mathcomp Require Import all_ssreflect all_algebra.
From Book.setting.formal Require Import networks.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Flattest.
Variable R : realFieldType.
Local Notation net := (net R).

Lemma young m n (A B : 'M[R]_(m, n)) mu : 0 < mu ->
  inner A B *+ 2 <= mu * inner A A + mu^-1 * inner B B.
Proof.
move=> mu_gt0; have := inner_ge0 (mu *: A + (-1) *: B).
rewrite innerDl !innerDr !innerZl !innerZr (innerC B A) !mulN1r opprK mulrN => pos.
have -> : mu * inner A A + mu^-1 * inner B B = mu^-1 * (mu * (mu * inner A A) + inner B B).
  by rewrite [RHS]mulrDr [mu^-1 * (mu * _)]mulrA mulVf ?gt_eqF // mul1r.
rewrite -(ler_pmul2l mu_gt0) [mu * (mu^-1 * _)]mulrA divff ?gt_eqF // mul1r.
have order (p q r : R) : 0 <= p + - r + (- r + q) -> r + r <= p + q.
  suff -> : p + - r + (- r + q) = p + q - (r + r) by rewrite subr_ge0.
  by rewrite opprD !addrA addrAC [p - r + q]addrAC.
by rewrite mulr2n mulrDr; apply: order; exact: pos.
Qed.

Lemma pair_young m n (w : net m n) (v v' : direction w) mu : 0 < mu ->
  pair v v' *+ 2 <= mu * size2 v + mu^-1 * size2 v'.
Proof.
move=> mu_gt0; elim: w v v' => [d|d1 d2 d3 W rest IH] /= v v'.
  by rewrite mul0rn !mulr0 addr0.
by rewrite !mulrDr [X in _ <= X]addrACA mulrnDl; apply: ler_add; [exact: young | exact: IH].
Qed.

Lemma isometry m n r (U : 'M[R]_(n, r)) (A : 'M[R]_(r, m)) : U^T *m U = 1%:M ->
  inner (U *m A) (U *m A) = inner A A.
Proof. by move=> unit; rewrite inner_mull mulmxA unit mul1mx. Qed.

Lemma contraction m n r (U : 'M[R]_(n, r)) (A : 'M[R]_(n, m)) : U^T *m U = 1%:M ->
  inner (U^T *m A) (U^T *m A) <= inner A A.
Proof.
move=> unit; set x := U^T *m A; have := inner_ge0 (A - U *m x).
have cross : inner (U *m x) A = inner x x by rewrite inner_mull.
rewrite -scaleN1r innerDl !innerDr !innerZl !innerZr (innerC A) cross (isometry _ unit).
by rewrite !mulN1r opprK addNr addr0 subr_ge0.
Qed.

Lemma inner_rows m n (A : 'M[R]_(m, n)) :
  inner A A = \sum_i inner (row i A)^T (row i A)^T.
Proof.
rewrite inner_sum; apply: eq_bigr => i _; rewrite inner_sum.
by apply: eq_bigr => j _; rewrite big_ord1 !mxE.
Qed.

(** The layers after the first: c times q, then qU. *)
Fixpoint upper r n (q : R) (U : 'M[R]_(n, r)) (c : nat) : net r n :=
  match c with
  | 0 => Layer (q *: U) (Nil R n)
  | c'.+1 => Layer (q%:M) (upper q U c')
  end.

Lemma pi_upper r n q (U : 'M[R]_(n, r)) c : pi (upper q U c) = q ^+ c.+1 *: U.
Proof.
elim: c => [|c IH] /=; first by rewrite mul1mx expr1.
by rewrite IH mul_mx_scalar scalerA -exprS.
Qed.

Lemma blocks_upper r n k q (U : 'M[R]_(n, r)) c (A : 'M[R]_(r, k)) (Z : 'M[R]_(n, k)) :
  U^T *m U = 1%:M ->
  size2 (blocks (upper q U c) A Z) <= (q ^+ c) ^+ 2 * c.+1%:R * inner (Z *m A^T) (Z *m A^T).
Proof.
move=> unit; elim: c A => [|c IH] A /=.
  by rewrite addr0 trmx1 mul1mx expr0 expr1n !mul1r.
rewrite pi_upper; set I := inner (Z *m A^T) (Z *m A^T).
have block : inner ((q ^+ c.+1 *: U)^T *m Z *m A^T) ((q ^+ c.+1 *: U)^T *m Z *m A^T)
    <= (q ^+ c.+1) ^+ 2 * I.
  have -> : (q ^+ c.+1 *: U)^T *m Z *m A^T = q ^+ c.+1 *: (U^T *m (Z *m A^T)).
    by rewrite linearZ /= -!scalemxAl mulmxA.
  by rewrite innerZl innerZr mulrA -expr2 ler_wpmul2l ?sqr_ge0 ?contraction.
have rest := IH (q%:M *m A); have E : Z *m (q%:M *m A)^T = q *: (Z *m A^T).
  by rewrite mul_scalar_mx linearZ /= -scalemxAr.
rewrite E innerZl innerZr -/I in rest; apply: le_trans (ler_add block rest) _.
rewrite le_eqVlt; apply/orP; left; apply/eqP.
rewrite (mulrS 1 c.+1) [q ^+ c.+1]exprSr exprMn mulrDr mulr1 mulrDl; congr (_ + _).
by rewrite [q ^+ 2]expr2 -!mulrA; do 2!congr (_ * _); rewrite mulrCA; congr (_ * _); rewrite mulrCA.
Qed.

Lemma ceiling_by_samples m n r k (X : 'M[R]_(m, k)) (Y : 'M[R]_(n, k)) (W : 'M[R]_(r, m))
    (U : 'M[R]_(n, r)) (c : nat) (q mu : R) (w := Layer (q ^- c.+1 *: W) (upper q U c)) :
  0 < q -> 0 < mu -> U^T *m U = 1%:M -> U *m W *m (X *m X^T) - Y *m X^T = 0 ->
  (forall z : 'cV[R]_k, (q ^+ 2) ^+ c.+1 * inner (X *m z) (X *m z) +
     c.+1%:R * (q ^+ 2)^-1 * inner (U *m W *m X *m z) (U *m W *m X *m z) <= mu * inner z z) ->
  pi w = U *m W /\ forall v : direction w, hessian_form X Y v <= 2%:R * mu * size2 v.
Proof.
move=> q_gt0 mu_gt0 unit minimal T_le.
have product : pi w = U *m W.
  by rewrite /w /= pi_upper -scalemxAl -scalemxAr scalerA divff ?scale1r // expf_neq0 ?gt_eqF.
split=> // v; rewrite (derivatives_at_a_minimizer _ (_ : E X Y w = 0)) /E ?product //.
have squares : (q ^+ c.+1) ^+ 2 = (q ^+ 2) ^+ c.+1 by rewrite -!exprM mulnC.
set Z := dpi v *m X; rewrite -mulrA ler_pmul2l ?ltr0n //.
have sum_rows : size2 (blocks w X Z) <= mu * inner Z Z.
  apply: le_trans (_ : (q ^+ 2) ^+ c.+1 * inner (Z *m X^T) (Z *m X^T) +
      c.+1%:R * (q ^+ 2)^-1 * inner (Z *m (U *m W *m X)^T) (Z *m (U *m W *m X)^T) <= _).
    have -> : size2 (blocks w X Z) = inner ((pi (upper q U c))^T *m Z *m X^T)
        ((pi (upper q U c))^T *m Z *m X^T) + size2 (blocks (upper q U c) (q ^- c.+1 *: W *m X) Z).
      by [].
    apply: ler_add.
      rewrite pi_upper linearZ /= -!scalemxAl innerZl innerZr mulrA -expr2 squares.
      by rewrite -mulmxA; apply: ler_wpmul2l; [rewrite -squares sqr_ge0 | apply: contraction].
    apply: le_trans (blocks_upper _ _ _ _ unit) _.
    rewrite -scalemxAl linearZ /= -scalemxAr innerZl innerZr.
    have -> : inner (Z *m (U *m W *m X)^T) (Z *m (U *m W *m X)^T) =
        inner (Z *m (W *m X)^T) (Z *m (W *m X)^T).
      by rewrite -(mulmxA U) [(U *m _)^T]trmx_mul mulmxA inner_mulr trmxK -!mulmxA unit mulmx1.
    have E : (q ^+ c) ^+ 2 * (q ^- c.+1 * q ^- c.+1) = (q ^+ 2)^-1.
      rewrite -invfM -expr2 [q ^+ c.+1]exprSr exprMn invfM mulrA divff ?mul1r //.
      by rewrite !expf_neq0 // gt_eqF.
    rewrite -E [X in _ <= X * _]mulrCA -!mulrA. by [].
  rewrite !(inner_rows (Z *m _)) (inner_rows Z) !mulr_sumr -big_split.
  by apply: ler_sum => i _; rewrite /= !row_mul !trmx_mul !trmxK T_le.
have := pair_young v (blocks w X Z) mu_gt0; rewrite -blocksP -/Z mulr2n => twice.
have back : mu^-1 * size2 (blocks w X Z) <= inner Z Z.
  by rewrite -(ler_pmul2l mu_gt0) mulrA divff ?gt_eqF // mul1r.
by have := le_trans twice (ler_add (lexx _) back); rewrite ler_add2r.
Qed.
(** θ_x with x = q² and N = c + 2: W_1 = q^(1-N) W°, W_j = q I, W_N = q U. [C] is the square root of
    Σ, Ŵ = W⋆C. If vᵀT(x)v = x^(N-1) |Cv|² + (N-1) x⁻¹ |Ŵv|² <= mu |v|² for all v, that is
    φ(x) <= mu, then θ_x is in M and its sharpness is at most 2 mu. *)
Theorem thm_flattest m n r k (X : 'M[R]_(m, k)) (Y : 'M[R]_(n, k)) (C : 'M[R]_m)
    (W : 'M[R]_(r, m)) (U : 'M[R]_(n, r)) (c : nat) (q mu : R)
    (N := c.+2) (x := q ^+ 2) (Wstar := Y *m X^T *m invmx (X *m X^T))
    (theta := Layer (q ^- N.-1 *: W) (upper q U c)) :
  C^T = C -> C *m C = X *m X^T -> C \in unitmx -> U^T *m U = 1%:M -> U *m W = Wstar ->
  0 < q -> 0 < mu ->
  (forall v : 'cV[R]_m, x ^+ N.-1 * inner (C *m v) (C *m v) +
     N.-1%:R * x^-1 * inner (Wstar *m C *m v) (Wstar *m C *m v) <= mu * inner v v) ->
  pi theta = Wstar /\ bounds_hessian X Y theta (2%:R * mu).
Proof.
move=> symmetric square invertible unit product q_gt0 mu_gt0 T_le.
have minimal : U *m W *m (X *m X^T) - Y *m X^T = 0.
  by rewrite product /Wstar mulmxKV ?subrr // -square unitmx_mul invertible.
have [z |] := @ceiling_by_samples m n r k X Y W U c q mu q_gt0 mu_gt0 unit minimal.
  pose v := invmx C *m (X *m z).
  have -> : X *m z = C *m v by rewrite /v mulKVmx.
  have -> : U *m W *m X *m z = Wstar *m C *m v by rewrite /v product -!mulmxA mulKVmx.
  apply: le_trans (T_le v) _; rewrite ler_pmul2l //.
  have -> : v = (X^T *m invmx C)^T *m z by rewrite /v trmx_mul trmxK trmx_inv symmetric mulmxA.
  apply: contraction; rewrite trmx_mul trmxK trmx_inv symmetric -!mulmxA (mulmxA X) -square.
  by rewrite -mulmxA mulmxV // mulmx1 mulVmx.
by rewrite product => -> bound; split=> //; split=> //; rewrite mulr_ge0 ?ler0n // ltW.
Qed.
End Flattest.
