(** * Deep linear networks

    Loss, derivatives, the balance identity and the floor of the sharpness, for every depth, all
    widths and any data, over any ordered field. A theorem has the label of the book's statement,
    with underscores. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Networks.
Variable R : realFieldType.

(** ** Inner products: ⟨A, B⟩ = tr A Bᵀ *)
Section Frobenius.
Variables m n : nat.
Implicit Types A B : 'M[R]_(m, n).

Definition inner A B : R := \tr (A *m B^T).

Lemma innerC A B : inner A B = inner B A.
Proof. by rewrite /inner -mxtrace_tr trmx_mul trmxK. Qed.

Lemma innerDl A A' B : inner (A + A') B = inner A B + inner A' B.
Proof. by rewrite /inner mulmxDl linearD. Qed.

Lemma innerZl c A B : inner (c *: A) B = c * inner A B.
Proof. by rewrite /inner -scalemxAl linearZ. Qed.

Lemma innerDr A B B' : inner A (B + B') = inner A B + inner A B'.
Proof. by rewrite innerC innerDl !(innerC A). Qed.

Lemma innerZr c A B : inner A (c *: B) = c * inner A B.
Proof. by rewrite innerC innerZl innerC. Qed.

Lemma inner_sum A B : inner A B = \sum_i \sum_j A i j * B i j.
Proof.
rewrite /inner /mxtrace; apply: eq_bigr => i _.
by rewrite mxE; apply: eq_bigr => j _; rewrite mxE.
Qed.

Lemma inner_ge0 A : 0 <= inner A A.
Proof. by rewrite inner_sum; do 2!(apply: sumr_ge0 => ? _); rewrite -expr2 sqr_ge0. Qed.

Lemma inner_eq0 A : inner A A = 0 -> A = 0.
Proof.
rewrite inner_sum => /eqP.
rewrite psumr_eq0 => [/allP zero|i _]; last by apply: sumr_ge0 => j _; rewrite -expr2 sqr_ge0.
apply/matrixP => i j; rewrite mxE.
have := zero i (mem_index_enum i); rewrite /= psumr_eq0 => [/allP zero_i|k _]; last first.
  by rewrite -expr2 sqr_ge0.
by have := zero_i j (mem_index_enum j); rewrite /= -expr2 sqrf_eq0 => /eqP.
Qed.

Lemma cauchy_schwarz A B : inner A B ^+ 2 <= inner A A * inner B B.
Proof.
have [/inner_eq0 ->|a_neq0] := eqVneq (inner A A) 0.
  by rewrite /inner !mul0mx linear0 expr0n /= mul0r.
have a_gt0 : 0 < inner A A by rewrite lt_def a_neq0 inner_ge0.
have := inner_ge0 (inner A A *: B + (- inner A B) *: A).
rewrite innerDl !innerDr !innerZl !innerZr (innerC B A).
set a := inner A A; set b := inner B B; set c := inner A B.
have -> : - c * (a * c) + - c * (- c * a) = 0.
  by rewrite -mulrDr (mulrC a) (mulNr c a) subrr mulr0.
by rewrite addr0 -mulrDr pmulr_rge0 // mulNr -expr2 subr_ge0.
Qed.
End Frobenius.

Lemma inner_mulr m n k (A : 'M[R]_(m, n)) (X : 'M_(n, k)) B :
  inner (A *m X) B = inner A (B *m X^T).
Proof. by rewrite /inner trmx_mul trmxK mulmxA. Qed.

Lemma inner_mull m n k (A : 'M[R]_(m, n)) (B : 'M_(n, k)) C :
  inner (A *m B) C = inner B (A^T *m C).
Proof. by rewrite /inner trmx_mul trmxK -mulmxA mxtrace_mulC mulmxA. Qed.

Lemma inner_column n (a b : 'cV[R]_n) : b^T *m a = (inner a b)%:M.
Proof. by rewrite (mx11_scalar (b^T *m a)) /inner mxtrace_mulC /mxtrace big_ord1. Qed.

Lemma inner_outer m n (p : 'cV[R]_m) (a : 'cV[R]_n) :
  inner (p *m a^T) (p *m a^T) = inner p p * inner a a.
Proof. by rewrite inner_mulr trmxK -mulmxA inner_column mul_mx_scalar innerZr mulrC. Qed.

(** ** Networks *)
Inductive net : nat -> nat -> Type :=
| Nil d : net d d
| Layer a b c of 'M[R]_(b, a) & net b c : net a c.

Fixpoint depth m n (w : net m n) : nat := if w is Layer _ _ _ _ rest then (depth rest).+1 else 0%N.

(** π(θ) = W_N ⋯ W_1 *)
Fixpoint pi m n (w : net m n) : 'M[R]_(n, m) :=
  match w with Nil _ => 1%:M | Layer _ _ _ W rest => pi rest *m W end.

(** A direction has the shapes of the weights. *)
Fixpoint direction m n (w : net m n) : Type :=
  match w with Nil _ => unit | Layer a b _ _ rest => ('M[R]_(b, a) * direction rest)%type end.

(** |V|² *)
Fixpoint size2 m n (w : net m n) : direction w -> R :=
  match w with
  | Nil _ => fun _ => 0
  | Layer _ _ _ _ rest => fun v => inner v.1 v.1 + size2 v.2
  end.

(** π(θ + tV), a matrix of polynomials in t *)
Fixpoint pi_along m n (w : net m n) : direction w -> 'M[{poly R}]_(n, m) :=
  match w with
  | Nil _ => fun _ => 1%:M
  | Layer _ _ _ W rest => fun v =>
      pi_along v.2 *m (map_mx polyC W + 'X *: map_mx polyC v.1)
  end.

(** L(θ + tV) = ‖π(θ + tV)X − Y‖², a polynomial in t; its second derivative at 0 is ⟨V, H(θ)V⟩. *)
Definition loss_along m n k (X : 'M[R]_(m, k)) (Y : 'M[R]_(n, k)) (w : net m n) (v : direction w) :
    {poly R} :=
  \sum_i \sum_j ((pi_along v *m map_mx polyC X - map_mx polyC Y) i j) ^+ 2.

Definition hessian_form m n k (X : 'M[R]_(m, k)) (Y : 'M[R]_(n, k)) (w : net m n) (v : direction w) :
    R := ((loss_along X Y v)^`(2)).[0].

(** ** The derivatives of π along V *)

(** dπ[V] = Σ Q_j V_j P_{j-1}, and half of d²π[V, V], by the product rule *)
Fixpoint dpi m n (w : net m n) : direction w -> 'M[R]_(n, m) :=
  match w with
  | Nil _ => fun _ => 0
  | Layer _ _ _ W rest => fun v => dpi v.2 *m W + pi rest *m v.1
  end.

Fixpoint half_d2pi m n (w : net m n) : direction w -> 'M[R]_(n, m) :=
  match w with
  | Nil _ => fun _ => 0
  | Layer _ _ _ W rest => fun v => half_d2pi v.2 *m W + dpi v.2 *m v.1
  end.

Definition d2pi m n (w : net m n) (v : direction w) := 2%:R *: half_d2pi v.

Lemma coef_step m n k (P : 'M[{poly R}]_(n, k)) (W V : 'M[R]_(k, m)) i j d :
  ((P *m (map_mx polyC W + 'X *: map_mx polyC V)) i j)`_d =
  \sum_l (P i l)`_d * W l j + (if d is e.+1 then \sum_l (P i l)`_e * V l j else 0).
Proof.
rewrite mxE coef_sum; case: d => [|e].
  rewrite addr0; apply: eq_bigr => l _.
  by rewrite !mxE mulrDr coefD coefMC mulrA [_ * 'X]mulrC -mulrA coefXM addr0.
rewrite -big_split; apply: eq_bigr => l _ /=.
by rewrite !mxE mulrDr coefD coefMC mulrA [_ * 'X]mulrC -mulrA coefXM /= coefMC.
Qed.

Lemma pi_along_coef m n (w : net m n) (v : direction w) i j :
  [/\ (pi_along v i j)`_0 = pi w i j, (pi_along v i j)`_1 = dpi v i j
    & (pi_along v i j)`_2 = half_d2pi v i j].
Proof.
elim: w v i j => [d|a b c W rest IH] /= v i j.
  by rewrite !mxE; case: (i == j); rewrite /= ?coef1 ?coef0.
split; rewrite coef_step !mxE ?addr0; first (by apply: eq_bigr => l _; case: (IH v.2 i l) => ->);
  by congr (_ + _); apply: eq_bigr => l _; case: (IH v.2 i l) => c0 c1 c2; rewrite ?c0 ?c1 ?c2.
Qed.

Lemma residual_coef m n k (X : 'M[R]_(m, k)) (Y : 'M[R]_(n, k)) (w : net m n) (v : direction w) i j :
  let e := (pi_along v *m map_mx polyC X - map_mx polyC Y) i j in
  [/\ e`_0 = (pi w *m X - Y) i j, e`_1 = (dpi v *m X) i j & e`_2 = (half_d2pi v *m X) i j].
Proof.
move=> e; rewrite /e !mxE !coefB !coefC /= !subr0 !coef_sum.
by split; rewrite ?mxE; [congr (_ - _)| |]; apply: eq_bigr => l _;
  rewrite mxE coefMC; case: (pi_along_coef v i l) => c0 c1 c2; rewrite ?c0 ?c1 ?c2.
Qed.

Lemma square_coef2 (e : {poly R}) : (e ^+ 2)`_2 = e`_1 ^+ 2 + (e`_0 * e`_2) *+ 2.
Proof.
rewrite expr2 coefM !big_ord_recr big_ord0 /= add0r subn0.
by rewrite mulr2n [e`_2 * e`_0]mulrC expr2 addrAC addrC addrA.
Qed.

(** ⟨V, V'⟩ *)
Fixpoint pair m n (w : net m n) : direction w -> direction w -> R :=
  match w with
  | Nil _ => fun _ _ => 0
  | Layer _ _ _ _ rest => fun v v' => inner v.1 v'.1 + pair v.2 v'.2
  end.

(** The blocks Q_jᵀ Z (P_{j-1}A)ᵀ, the adjoint of V ↦ dπ[V]A *)
Fixpoint blocks m n k (w : net m n) : 'M[R]_(m, k) -> 'M[R]_(n, k) -> direction w :=
  match w with
  | Nil _ => fun _ _ => tt
  | Layer _ _ _ W rest => fun A Z => ((pi rest)^T *m Z *m A^T, blocks rest (W *m A) Z)
  end.

Lemma blocksP m n k (w : net m n) (A : 'M[R]_(m, k)) Z (v : direction w) :
  inner (dpi v *m A) Z = pair v (blocks w A Z).
Proof.
elim: w A Z v => [d|d1 d2 d3 W rest IH] A Z v /=; first by rewrite mul0mx /inner mul0mx linear0.
by rewrite mulmxDl innerDl -mulmxA IH addrC -mulmxA inner_mull inner_mulr.
Qed.

(** E = π(θ)Σ - S, and the gradient with the blocks 2 Q_jᵀ E P_{j-1}ᵀ *)
Definition E m n k (X : 'M[R]_(m, k)) (Y : 'M[R]_(n, k)) (w : net m n) : 'M[R]_(n, m) :=
  pi w *m (X *m X^T) - Y *m X^T.

Definition gradient m n k (X : 'M[R]_(m, k)) (Y : 'M[R]_(n, k)) (w : net m n) : direction w :=
  blocks w 1%:M (2%:R *: E X Y w).

Lemma residual_E m n k (X : 'M[R]_(m, k)) (Y : 'M[R]_(n, k)) (w : net m n) A :
  inner (A *m X) (pi w *m X - Y) = inner A (E X Y w).
Proof. by rewrite inner_mulr mulmxBl -mulmxA. Qed.

Lemma square_coef1 (e : {poly R}) : (e ^+ 2)`_1 = (e`_0 * e`_1) *+ 2.
Proof. by rewrite expr2 coefM !big_ord_recr big_ord0 /= add0r mulrC mulr2n. Qed.

(** (a) the gradient, (b) the second differential, (c) where E = 0. Derivatives of a polynomial in t
    are its formal ones. *)
Theorem lem_derivatives m n k (X : 'M[R]_(m, k)) (Y : 'M[R]_(n, k)) (w : net m n) (v : direction w) :
  [/\ ((loss_along X Y v)^`()).[0] = pair v (gradient X Y w),
      hessian_form X Y v = 2%:R * inner (dpi v *m X) (dpi v *m X) + 2%:R * inner (E X Y w) (d2pi v)
    & E X Y w = 0 -> hessian_form X Y v = 2%:R * inner (dpi v *m X) (dpi v *m X)].
Proof.
have second_order : hessian_form X Y v =
    2%:R * inner (dpi v *m X) (dpi v *m X) + 2%:R * inner (E X Y w) (d2pi v).
  have -> : hessian_form X Y v = 2%:R * (loss_along X Y v)`_2.
    by rewrite /hessian_form horner_coef0 coef_derivn /= addn0 mulr_natl.
  rewrite -mulrDr; congr (_ * _); rewrite /loss_along coef_sum.
  rewrite /d2pi innerZr innerC -residual_E mulr_natl !inner_sum -sumrMnl -big_split.
  apply: eq_bigr => i _ /=; rewrite coef_sum -sumrMnl -big_split; apply: eq_bigr => j _ /=.
  rewrite square_coef2; case: (residual_coef X Y v i j) => -> -> ->.
  by rewrite expr2 [(half_d2pi v *m X) i j * _]mulrC.
split=> [||zero] //; last by rewrite second_order zero /inner mul0mx linear0 mulr0 addr0.
rewrite horner_coef0 coef_deriv mulr1n /loss_along coef_sum /gradient -blocksP mulmx1 innerZr -residual_E.
rewrite mulr_natl inner_sum -sumrMnl; apply: eq_bigr => i _.
rewrite coef_sum -sumrMnl; apply: eq_bigr => j _.
by rewrite square_coef1; case: (residual_coef X Y v i j) => -> -> _; rewrite mulrC.
Qed.

Lemma derivatives_at_a_minimizer m n k (X : 'M[R]_(m, k)) (Y : 'M[R]_(n, k)) (w : net m n)
    (v : direction w) : E X Y w = 0 -> hessian_form X Y v = 2%:R * inner (dpi v *m X) (dpi v *m X).
Proof. by case: (lem_derivatives X Y v). Qed.

(** ** What neighbouring layers share *)

(** [P] holds of the first layer W and its block V. *)
Definition at_first m n (w : net m n) : direction w ->
    (forall b, 'M[R]_(b, m) -> 'M[R]_(b, m) -> Prop) -> Prop :=
  match w as w' in net m' n' return direction w' ->
    (forall b, 'M[R]_(b, m') -> 'M[R]_(b, m') -> Prop) -> Prop with
  | Nil _ => fun _ _ => True
  | Layer _ b _ W _ => fun v P => P b W v.1
  end.

(** [P] holds of W_j and V_j, W_{j+1} and V_{j+1}, for 1 <= j < N. *)
Definition relation :=
  forall a b c, 'M[R]_(b, a) -> 'M[R]_(b, a) -> 'M[R]_(c, b) -> 'M[R]_(c, b) -> Prop.

Fixpoint neighbours (P : relation) m n (w : net m n) : direction w -> Prop :=
  match w with
  | Nil _ => fun _ => True
  | Layer a b c' W rest => fun v : 'M_(b, a) * direction rest =>
      at_first v.2 (fun c => P a b c W v.1) /\ neighbours P v.2
  end.

Lemma at_first_impl m n (w : net m n) (v : direction w)
    (P Q : forall b, 'M[R]_(b, m) -> 'M[R]_(b, m) -> Prop) :
  (forall b W V, P b W V -> Q b W V) -> at_first v P -> at_first v Q.
Proof. by case: w v P Q => //= a b c W rest v P Q PQ; apply: PQ. Qed.

Lemma neighbours_impl (P Q : relation) m n (w : net m n) (v : direction w) :
  (forall a b c W V W' V', P a b c W V W' V' -> Q a b c W V W' V') ->
  neighbours P v -> neighbours Q v.
Proof.
move=> PQ; elim: w v => //= a b c W rest IH v [here later]; split; last exact: IH.
by apply: at_first_impl here => c' W' V'; apply: PQ.
Qed.

Lemma blocks_balance m n k (w : net m n) (A : 'M[R]_(m, k)) Z :
  neighbours (fun _ _ _ W V W' V' => W'^T *m V' = V *m W^T) (blocks w A Z).
Proof.
elim: w A Z => //= a b c W rest IH A Z; split; last exact: IH.
move: W A Z {IH}; case: rest => //= b1 c' d W' rest W A Z.
by rewrite !trmx_mul !mulmxA.
Qed.

Lemma second_order_is_left (U : zmodType) (P Q A B C D : U) :
  P - A - (B - C) - (Q - B - (A - D)) - (P - Q) = C - D.
Proof. by rewrite !opprB [X in X + (Q - P)]addrACA !subrKA -addrA subrKA addrC subrKA. Qed.

Lemma trmxBZ m n (A B : 'M[R]_(m, n)) c : (A - c *: B)^T = A^T - c *: B^T.
Proof. by rewrite linearB /= linearZ. Qed.

(** The identity, and how the imbalance W_{j+1}ᵀW_{j+1} - W_jW_jᵀ changes in a step. *)
Theorem lem_balance_identity m n k (X : 'M[R]_(m, k)) (Y : 'M[R]_(n, k)) (w : net m n) (eta : R) :
  neighbours (fun _ _ _ W V W' V' => W'^T *m V' = V *m W^T) (gradient X Y w) /\
  neighbours (fun _ _ _ W V W' V' =>
    let W1 := W - eta *: V in let W1' := W' - eta *: V' in
    (W1'^T *m W1' - W1 *m W1^T) - (W'^T *m W' - W *m W^T) = eta ^+ 2 *: (V'^T *m V' - V *m V^T))
    (gradient X Y w).
Proof.
have first := blocks_balance w 1%:M (2%:R *: E X Y w).
split; first exact: first; apply: neighbours_impl first => a b c W V W' V' same.
have same' : V'^T *m W' = W *m V^T by rewrite -[W in RHS]trmxK -trmx_mul -same trmx_mul trmxK.
rewrite /= !trmxBZ !mulmxBl !mulmxBr -!scalemxAl -!scalemxAr same same' !scalerA -expr2.
by rewrite second_order_is_left scalerBr.
Qed.

(** ** The test direction V_j = (Q_jᵀu)(P_{j-1}a)ᵀ *)
Fixpoint test m n (w : net m n) : 'cV[R]_m -> 'cV[R]_n -> direction w :=
  match w with
  | Nil _ => fun _ _ => tt
  | Layer _ _ _ W rest => fun a u => ((pi rest)^T *m u *m a^T, test rest (W *m a) u)
  end.

(** |Q_jᵀu|² |P_{j-1}a|², j = 1, …, N *)
Fixpoint shares m n (w : net m n) : 'cV[R]_m -> 'cV[R]_n -> seq R :=
  match w with
  | Nil _ => fun _ _ => [::]
  | Layer _ _ _ W rest => fun a u =>
      inner ((pi rest)^T *m u) ((pi rest)^T *m u) * inner a a :: shares rest (W *m a) u
  end.

Lemma size_shares m n (w : net m n) a u : size (shares w a u) = depth w.
Proof. by elim: w a u => //= *; congr _.+1. Qed.

Lemma shares_ge0 m n (w : net m n) a u x : x \in shares w a u -> 0 <= x.
Proof.
elim: w a u => //= d1 d2 d3 W rest IH a u; rewrite inE => /orP[/eqP ->|]; last exact: IH.
by rewrite mulr_ge0 ?inner_ge0.
Qed.

Lemma test_size m n (w : net m n) a u : size2 (test w a u) = \sum_(x <- shares w a u) x.
Proof.
elim: w a u => [d|d1 d2 d3 W rest IH] a u /=; first by rewrite big_nil.
by rewrite big_cons IH inner_outer.
Qed.

Lemma test_first m n (w : net m n) a u :
  inner (dpi (test w a u) *m a) u = \sum_(x <- shares w a u) x.
Proof.
elim: w a u => [d|d1 d2 d3 W rest IH] a u /=; first by rewrite mul0mx /inner mul0mx linear0 big_nil.
rewrite big_cons mulmxDl innerDl -mulmxA IH addrC; congr (_ + _).
by rewrite -!mulmxA inner_mull inner_column mul_mx_scalar -scalemxAr innerZl mulrC.
Qed.

Lemma no_layers m n (w : net m n) a u : depth w = 0%N ->
  shares w a u = [::] /\ inner ((pi w)^T *m u) ((pi w)^T *m u) = inner u u.
Proof. by case: w a u => // d a u _; rewrite trmx1 mul1mx. Qed.

(** Pairing Q_jᵀu with P_ja instead of P_{j-1}a. *)
Lemma shares_product m n (w : net m n) a u : (0 < depth w)%N ->
  inner a a * (inner (pi w *m a) u ^+ 2) ^+ (depth w).-1 * inner u u <= \prod_(x <- shares w a u) x.
Proof.
elim: w a u => // d1 d2 d3 W rest IH a u _ /=; rewrite big_cons.
have [zero|deeper] := posnP (depth rest).
  have [-> ->] := no_layers (W *m a) u zero.
  by rewrite zero expr0 mulr1 big_nil mulr1 mulrC.
have {IH} := IH (W *m a) u deeper; set c := inner (pi rest *m (W *m a)) u.
have -> : inner (pi rest *m W *m a) u = c by rewrite -mulmxA.
have pair : c ^+ 2 <= inner ((pi rest)^T *m u) ((pi rest)^T *m u) * inner (W *m a) (W *m a).
  by rewrite /c inner_mull innerC; apply: cauchy_schwarz.
move=> IH; set q := inner ((pi rest)^T *m u) _ in pair *.
have q_ge0 : 0 <= q * inner a a by rewrite mulr_ge0 ?inner_ge0.
apply: le_trans (ler_wpmul2l q_ge0 IH).
rewrite -{1}(prednK deeper) exprS [q * _]mulrC -!mulrA ler_wpmul2l ?inner_ge0 // !mulrA.
by rewrite ler_wpmul2r ?inner_ge0 // ler_wpmul2r // exprn_ge0 // sqr_ge0.
Qed.

Lemma shares_mean m n (w : net m n) a u :
  \prod_(x <- shares w a u) x <= ((\sum_(x <- shares w a u) x) / (depth w)%:R) ^+ depth w.
Proof.
rewrite -(size_shares w a u) !(big_tnth _ _ (shares w a u)).
set l := shares w a u; pose E (i : 'I_(size l)) := tnth (in_tuple l) i.
have /(leif_AGM (A := predT)) : {in predT, forall i, 0 <= E i}.
  by move=> i _; apply: (@shares_ge0 _ _ w a u); apply: mem_tnth.
by rewrite card_ord => /leifP; case: ifP => _ => [/eqP ->|/ltW].
Qed.

(** ** The floor *)

(** [lambda] is at least the largest eigenvalue of H: it bounds ⟨V, HV⟩ / |V|². *)
Definition bounds_hessian m n k (X : 'M[R]_(m, k)) (Y : 'M[R]_(n, k)) (w : net m n) lambda : Prop :=
  0 <= lambda /\ forall v : direction w, hessian_form X Y v <= lambda * size2 v.

Lemma floor_along m n k (X : 'M[R]_(m, k)) (Y : 'M[R]_(n, k)) (w : net m n) (lambda : R)
    (z : 'cV[R]_k) (u : 'cV[R]_n) (N := depth w) (a := X *m z) :
  (0 < N)%N -> E X Y w = 0 -> bounds_hessian X Y w lambda -> inner z z = 1 ->
  (2%:R * N%:R) ^+ N * (inner a a * (inner (pi w *m a) u ^+ 2) ^+ N.-1 * inner u u) <=
    (lambda * inner u u) ^+ N.
Proof.
move=> deep minimal [lambda_ge0 bound] unit; set s := \sum_(x <- shares w a u) x.
have s_ge0 : 0 <= s by rewrite /s big_seq; apply: sumr_ge0 => x; apply: shares_ge0.
have N_gt0 : 0 < N%:R :> R by rewrite ltr0n.
(* u and z see of dπ[V]X no more than its norm *)
have seen : s ^+ 2 <= inner (dpi (test w a u) *m X) (dpi (test w a u) *m X) * inner u u.
  have -> : s = inner (dpi (test w a u) *m X) (u *m z^T).
    by rewrite -inner_mulr -mulmxA test_first.
  by rewrite -[inner u u]mulr1 -unit -inner_outer; apply: cauchy_schwarz.
have shared : 2%:R * s <= lambda * inner u u.
  have [-> | s_neq0] := eqVneq s 0; first by rewrite mulr0 mulr_ge0 ?inner_ge0.
  have s_gt0 : 0 < s by rewrite lt_def s_neq0.
  rewrite -(ler_pmul2r s_gt0) -mulrA -expr2.
  apply: (@le_trans _ _
    (2%:R * (inner (dpi (test w a u) *m X) (dpi (test w a u) *m X) * inner u u))).
    by rewrite ler_pmul2l ?ltr0n.
  rewrite mulrA -(derivatives_at_a_minimizer _ minimal) mulrAC ler_wpmul2r ?inner_ge0 //.
  by apply: le_trans (bound _) _; rewrite test_size.
apply: (@le_trans _ _ ((2%:R * s) ^+ N)); last first.
  have two_s : 0 <= 2%:R * s by rewrite mulr_ge0 ?ler0n.
  by apply: ler_expn2r; rewrite ?nnegrE // (le_trans two_s).
have -> : (2%:R * s) ^+ N = (2%:R * N%:R) ^+ N * (s / N%:R) ^+ N.
  by rewrite -exprMn -!mulrA [N%:R * _]mulrC divfK ?gt_eqF.
rewrite ler_pmul2l ?exprn_gt0 ?mulr_gt0 ?ltr0n //.
exact: le_trans (shares_product a u deep) (shares_mean w a u).
Qed.

(** Let [C] be the square root of Σ = XXᵀ, invertible by A1, and Ŵ = W⋆C. For every unit vector v
    λ >= 2N (vᵀΣv)^(1/N) |Ŵv|^(2 - 2/N), here to the power N. *)
Theorem lem_sharpness_floor m n k (X : 'M[R]_(m, k)) (Y : 'M[R]_(n, k)) (w : net m n)
    (C : 'M[R]_m) (lambda : R) (v : 'cV[R]_m)
    (N := depth w) (Wstar := Y *m X^T *m invmx (X *m X^T)) :
  (0 < N)%N -> (0 < n)%N -> C^T = C -> C *m C = X *m X^T -> C \in unitmx ->
  pi w = Wstar -> bounds_hessian X Y w lambda -> inner v v = 1 ->
  (2%:R * N%:R) ^+ N * inner (C *m v) (C *m v) *
    inner (Wstar *m C *m v) (Wstar *m C *m v) ^+ N.-1 <= lambda ^+ N.
Proof.
move=> deep n_gt0 symmetric square invertible at_minimum bound unit.
set z := X^T *m (invmx C *m v).
have Xz : X *m z = C *m v by rewrite /z mulmxA -square -mulmxA mulKVmx.
have zz : inner z z = 1.
  rewrite {1}/z inner_mull trmxK Xz innerC inner_mull symmetric mulKVmx //.
have minimal : E X Y w = 0.
  rewrite /E at_minimum /Wstar mulmxKV ?subrr // -square unitmx_mul.
  by rewrite invertible.
have := floor_along (z := z) _ deep minimal bound zz; rewrite Xz at_minimum mulmxA => floor.
set u := Wstar *m C *m v; have [u_eq0 | u_neq0] := eqVneq u 0.
  case: (posnP N.-1) => [one | more]; last first.
    by rewrite u_eq0 /inner mul0mx linear0 expr0n eqn0Ngt more mulr0 exprn_ge0 ?(proj1 bound).
  have := floor (delta_mx (Ordinal n_gt0) 0); rewrite -/N one !expr0 !mulr1.
  have -> : inner (delta_mx (Ordinal n_gt0) 0 : 'cV[R]_n) (delta_mx (Ordinal n_gt0) 0) = 1.
    by rewrite /inner mxtrace_mulC trmx_delta mul_delta_mx /mxtrace big_ord1 mxE !eqxx.
  by rewrite !mulr1.
have u_gt0 : 0 < inner u u.
  by rewrite lt_def inner_ge0 andbT; apply: contra_neq u_neq0 => /inner_eq0.
rewrite -(ler_pmul2r (exprn_gt0 N u_gt0)) -[lambda ^+ N * _]exprMn.
apply: le_trans (floor u); rewrite -!mulrA ler_pmul2l ?exprn_gt0 ?mulr_gt0 ?ltr0n //.
rewrite -/u -/N -{2}[N](prednK deep) exprSr !mulrA le_eqVlt; apply/orP; left; apply/eqP.
by rewrite -exprM mulnC exprM expr2 -!mulrA; congr (_ * _); rewrite !mulrA -exprMn.
Qed.

End Networks.
