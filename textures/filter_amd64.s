//go:build !purego

#include "textflag.h"

// These do what acrossGo and downGo do, four numbers at a time, in the same order and
// with each product rounded before it is added, so the results are the same bit
// for bit. SSE is part of every amd64.

// func acrossSSE(dst, src *float32, first, at *int32, weight *float32, n, taps int)
TEXT ·acrossSSE(SB), NOSPLIT, $0-56
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ first+16(FP), R8
	MOVQ at+24(FP), R9
	MOVQ weight+32(FP), R10
	MOVQ n+40(FP), R11
	MOVQ taps+48(FP), R12

pixel:
	MOVLQSX (R8), AX
	SHLQ    $6, AX             // a pixel of four rows takes 64 bytes
	ADDQ    SI, AX
	MOVLQSX (R9), BX
	LEAQ    (R10)(BX*4), BX
	MOVQ    R12, CX
	XORPS   X0, X0             // the sums of the four rows
	XORPS   X1, X1
	XORPS   X2, X2
	XORPS   X3, X3

tap:
	MOVSS  (BX), X4
	SHUFPS $0, X4, X4
	MOVUPS (AX), X5
	MULPS  X4, X5
	ADDPS  X5, X0
	MOVUPS 16(AX), X6
	MULPS  X4, X6
	ADDPS  X6, X1
	MOVUPS 32(AX), X7
	MULPS  X4, X7
	ADDPS  X7, X2
	MOVUPS 48(AX), X8
	MULPS  X4, X8
	ADDPS  X8, X3
	ADDQ   $64, AX
	ADDQ   $4, BX
	DECQ   CX
	JNZ    tap

	MOVUPS X0, (DI)
	MOVUPS X1, 16(DI)
	MOVUPS X2, 32(DI)
	MOVUPS X3, 48(DI)
	ADDQ   $64, DI
	ADDQ   $4, R8
	ADDQ   $4, R9
	DECQ   R11
	JNZ    pixel
	RET

// func downSSE(sum, src *float32, w *[4]float32, n int)
TEXT ·downSSE(SB), NOSPLIT, $0-32
	MOVQ   sum+0(FP), DI
	MOVQ   src+8(FP), SI
	MOVQ   w+16(FP), BX
	MOVQ   n+24(FP), CX
	MOVSS  (BX), X4
	SHUFPS $0, X4, X4
	MOVSS  4(BX), X5
	SHUFPS $0, X5, X5
	MOVSS  8(BX), X6
	SHUFPS $0, X6, X6
	MOVSS  12(BX), X7
	SHUFPS $0, X7, X7

next:
	MOVUPS (DI), X0
	MOVUPS (SI), X1
	MULPS  X4, X1
	ADDPS  X1, X0
	MOVUPS 16(SI), X2
	MULPS  X5, X2
	ADDPS  X2, X0
	MOVUPS 32(SI), X3
	MULPS  X6, X3
	ADDPS  X3, X0
	MOVUPS 48(SI), X8
	MULPS  X7, X8
	ADDPS  X8, X0
	MOVUPS X0, (DI)
	ADDQ   $16, DI
	ADDQ   $64, SI
	DECQ   CX
	JNZ    next
	RET
