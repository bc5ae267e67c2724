/* fiber-switch-aarch64.S: the switch between stacks under AAPCS64 (§6.1: x19-x30 and the low halves
 * of v8-v15 belong to the caller).
 * SPDX-License-Identifier: Apache-2.0 */
#if defined(__aarch64__) && !defined(CS_FIBER_UCONTEXT)

        .text

/* void cs_fiber_switch_ (void **save, void *load) */
        .globl  cs_fiber_switch_
        .hidden cs_fiber_switch_
        .type   cs_fiber_switch_, %function
        .p2align 4
cs_fiber_switch_:
        .cfi_startproc
        hint    #34                     /* bti c */
        sub     sp, sp, #160
        .cfi_adjust_cfa_offset 160
        stp     d8, d9, [sp, #0]
        stp     d10, d11, [sp, #16]
        stp     d12, d13, [sp, #32]
        stp     d14, d15, [sp, #48]
        stp     x19, x20, [sp, #64]
        stp     x21, x22, [sp, #80]
        stp     x23, x24, [sp, #96]
        stp     x25, x26, [sp, #112]
        stp     x27, x28, [sp, #128]
        stp     x29, x30, [sp, #144]
        .cfi_rel_offset x19, 64
        .cfi_rel_offset x20, 72
        .cfi_rel_offset x21, 80
        .cfi_rel_offset x22, 88
        .cfi_rel_offset x23, 96
        .cfi_rel_offset x24, 104
        .cfi_rel_offset x25, 112
        .cfi_rel_offset x26, 120
        .cfi_rel_offset x27, 128
        .cfi_rel_offset x28, 136
        .cfi_rel_offset x29, 144
        .cfi_rel_offset x30, 152

        mov     x9, sp
        str     x9, [x0]
        mov     sp, x1

        ldp     d8, d9, [sp, #0]
        ldp     d10, d11, [sp, #16]
        ldp     d12, d13, [sp, #32]
        ldp     d14, d15, [sp, #48]
        ldp     x19, x20, [sp, #64]
        ldp     x21, x22, [sp, #80]
        ldp     x23, x24, [sp, #96]
        ldp     x25, x26, [sp, #112]
        ldp     x27, x28, [sp, #128]
        ldp     x29, x30, [sp, #144]
        add     sp, sp, #160
        .cfi_adjust_cfa_offset -160
        .cfi_restore x19
        .cfi_restore x20
        .cfi_restore x21
        .cfi_restore x22
        .cfi_restore x23
        .cfi_restore x24
        .cfi_restore x25
        .cfi_restore x26
        .cfi_restore x27
        .cfi_restore x28
        .cfi_restore x29
        .cfi_restore x30
        ret
        .cfi_endproc
        .size   cs_fiber_switch_, . - cs_fiber_switch_

/* The first thing a fiber runs: x19 is the function, x20 its argument. Nothing called it. */
        .globl  cs_fiber_begin_
        .hidden cs_fiber_begin_
        .type   cs_fiber_begin_, %function
        .p2align 4
cs_fiber_begin_:
        .cfi_startproc
        .cfi_undefined x30
        hint    #36                     /* bti j */
        mov     x0, x20
        blr     x19
        brk     #1
        .cfi_endproc
        .size   cs_fiber_begin_, . - cs_fiber_begin_

        .section .note.gnu.property, "a"
        .p2align 3
        .word   4               /* name's length */
        .word   16              /* descriptor's length */
        .word   5               /* NT_GNU_PROPERTY_TYPE_0 */
        .asciz  "GNU"
        .word   0xc0000000      /* GNU_PROPERTY_AARCH64_FEATURE_1_AND */
        .word   4
        .word   1               /* BTI */
        .word   0

#endif

        .section .note.GNU-stack, "", %progbits
