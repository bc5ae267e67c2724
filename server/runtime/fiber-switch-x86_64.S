/* fiber-switch-x86_64.S: the switch between stacks under the System V AMD64 ABI (§3.2.1: rbx, rbp,
 * r12-r15, the x87 control word and MXCSR's control bits belong to the caller).
 * It ends in an indirect jump, which a shadow stack would not notice but a return would not survive:
 * so the object is marked IBT and not SHSTK.
 * SPDX-License-Identifier: Apache-2.0 */
#if defined(__x86_64__) && !defined(__ILP32__) && !defined(CS_FIBER_UCONTEXT)

        .text

/* void cs_fiber_switch_ (void **save, void *load) */
        .globl  cs_fiber_switch_
        .hidden cs_fiber_switch_
        .type   cs_fiber_switch_, @function
        .p2align 4
cs_fiber_switch_:
        .cfi_startproc
        endbr64
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbp, 0
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbx, 0
        pushq   %r12
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r12, 0
        pushq   %r13
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r13, 0
        pushq   %r14
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r14, 0
        pushq   %r15
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r15, 0
        subq    $8, %rsp
        .cfi_adjust_cfa_offset 8
        stmxcsr (%rsp)
        fnstcw  4(%rsp)

        movq    %rsp, (%rdi)
        movq    %rsi, %rsp

        ldmxcsr (%rsp)
        fldcw   4(%rsp)
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
        popq    %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r15
        popq    %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r14
        popq    %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r13
        popq    %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r12
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbx
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbp
        popq    %rcx
        .cfi_adjust_cfa_offset -8
        .cfi_register %rip, %rcx
        notrack jmp *%rcx
        .cfi_endproc
        .size   cs_fiber_switch_, . - cs_fiber_switch_

/* The first thing a fiber runs: r12 is the function, r13 its argument. Nothing called it. */
        .globl  cs_fiber_begin_
        .hidden cs_fiber_begin_
        .type   cs_fiber_begin_, @function
        .p2align 4
cs_fiber_begin_:
        .cfi_startproc
        .cfi_undefined %rip
        endbr64
        movq    %r13, %rdi
        callq   *%r12
        ud2
        .cfi_endproc
        .size   cs_fiber_begin_, . - cs_fiber_begin_

        .section .note.gnu.property, "a"
        .p2align 3
        .long   4               /* name's length */
        .long   16              /* descriptor's length */
        .long   5               /* NT_GNU_PROPERTY_TYPE_0 */
        .asciz  "GNU"
        .long   0xc0000002      /* GNU_PROPERTY_X86_FEATURE_1_AND */
        .long   4
        .long   1               /* IBT */
        .long   0

#endif

        .section .note.GNU-stack, "", %progbits
