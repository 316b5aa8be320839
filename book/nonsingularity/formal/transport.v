(** * Transport of null sets

    Of the null sets only this is used: subsets and countable unions of null sets are null. So the
    theorems hold for Lebesgue measure, and for every other measure. *)
Require Import List.
Set Implicit Arguments.

Section Transport.
Variable X : Type.
Variable null : (X -> Prop) -> Prop.

Definition null_sets : Prop :=
  (forall A B : X -> Prop, (forall x, A x -> B x) -> null B -> null A) /\
  (forall A : nat -> X -> Prop, (forall n, null (A n)) -> null (fun x => exists n, A n x)).

(** Preimages of null sets are null. *)
Definition non_singular (G : X -> X) : Prop := forall A, null A -> null (fun x => A (G x)).

(** [Nat.iter n G x] is the point after n steps. *)
Lemma iterates_are_non_singular G : non_singular G -> forall n, non_singular (Nat.iter n G).
Proof.
  intros ns n. induction n as [|n IH]; intros A nA; simpl; [assumption|].
  exact (IH (fun x => A (G x)) (ns A nA)).
Qed.

Theorem lem_transport : null_sets -> forall G A, non_singular G -> null A ->
  null (fun x => exists n, A (Nat.iter n G x)).
Proof.
  intros [_ union] G A ns nA. apply union. intro n. now apply iterates_are_non_singular.
Qed.

(** G_k ∘ ⋯ ∘ G_1 for the list G_1, …, G_k *)
Fixpoint composition (Gs : list (X -> X)) (x : X) : X :=
  match Gs with nil => x | cons G rest => composition rest (G x) end.

Theorem cor_compositions :
  (forall Gs, (forall G, In G Gs -> non_singular G) -> non_singular (composition Gs)) /\
  (forall G n, non_singular G -> non_singular (Nat.iter n G)).
Proof.
  split; [|intros G n ns; now apply iterates_are_non_singular].
  induction Gs as [|G rest IH]; intros each A nA; simpl; [assumption|].
  apply (each G (or_introl eq_refl) (fun x => A (composition rest x))).
  apply IH; [intros G' inside; apply each; now right | assumption].
Qed.
End Transport.
