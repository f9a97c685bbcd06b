"""U-2-Net in 32 bits on a CPU, by fewer multiplications than direct convolution takes."""
