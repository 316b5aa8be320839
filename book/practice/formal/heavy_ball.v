(** * The map of the heavy ball

    [(θ, ϑ) ↦ (θ - η ∇L(θ) + β (θ - ϑ), θ)]; its derivative, with the Hessian [H] at θ, has the blocks
    [(1 + β) I - η H], [- β I], [I] and [0]. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Section HeavyBall.
Variables (R : fieldType) (D : nat).

Definition heavy_ball (gradient : 'cV[R]_D -> 'cV[R]_D) (eta beta : R) (state : 'cV[R]_D * 'cV[R]_D) :=
  (state.1 - eta *: gradient state.1 + beta *: (state.1 - state.2), state.1).

Definition derivative (H : 'M[R]_D) (eta beta : R) : 'M[R]_(D + D) :=
  block_mx ((1 + beta)%:M - eta *: H) (- beta%:M) 1%:M 0.

Lemma det_exchange : \det (block_mx 0 (- 1%:M) 1%:M 0 : 'M[R]_(D + D)) = 1.
Proof.
have -> : block_mx 0 (- 1%:M) 1%:M 0 =
    block_mx 1%:M (- 1%:M) 0 1%:M *m block_mx 1%:M 0 1%:M 1%:M *m
    block_mx 1%:M (- 1%:M) 0 1%:M :> 'M[R]_(D + D).
  rewrite !mulmx_block !mulmx1 !mul1mx !mulmx0 !addr0 !add0r.
  rewrite ?mulmx1 ?mulmxN ?mulmx1 ?addNr ?subrr ?sub0r ?addr0 ?add0r.
  by rewrite oppr0 add0r.
by rewrite !det_mulmx !det_ublock det_lblock !det1 !mulr1.
Qed.

(** (a): a bijection, and det DF = β^D *)
Theorem lem_momentum_map (gradient : 'cV[R]_D -> 'cV[R]_D) (eta beta : R) :
  (beta != 0 -> bijective (heavy_ball gradient eta beta)) /\
  forall H : 'M[R]_D, \det (derivative H eta beta) = beta ^+ D.
Proof.
split=> [beta_neq0 | H].
  exists (fun state => (state.2, state.2 - beta^-1 *: (state.1 - (state.2 - eta *: gradient state.2)))).
    by case=> t s /=; rewrite addrAC subrr add0r scalerK // subKr.
  by case=> t s; rewrite /heavy_ball /= subKr scalerKV // addrC subrK.
have swap : derivative H eta beta *m block_mx 0 (- 1%:M) 1%:M 0 =
    block_mx (- beta%:M) (- ((1 + beta)%:M - eta *: H)) 0 (- 1%:M).
  by rewrite mulmx_block !mulmx0 !mulmx1 !mulmxN !mulmx1 ?mulmx0 ?mul0mx ?oppr0 ?addr0 ?add0r.
have := congr1 determinant swap.
rewrite det_mulmx det_exchange mulr1 => ->.
rewrite det_ublock -!scaleN1r !detZ det_scalar det1 mulr1.
by rewrite mulrAC -exprMn mulrNN mulr1 expr1n mul1r.
Qed.
End HeavyBall.
