using System.ComponentModel.DataAnnotations;
namespace Fovea.Models.Runtime;

/// <summary>What networks should run on.</summary>
public enum DeviceChoice
{
    /// <summary>CUDA where it works, else the CPU, and why is said.</summary>
    Auto,

    /// <summary>The CPU.</summary>
    Cpu,

    /// <summary>CUDA or nothing: where it does not work the reason is an error.</summary>
    Cuda,
}

/// <summary>What networks should run on, and how.</summary>
public sealed record DeviceOptions
{
    /// <summary>
    /// What networks run on. With <c>cuda</c>, a missing library is an error that names it; with <c>auto</c>, the CPU takes over.
    /// </summary>
    public DeviceChoice Device { get; init; } = DeviceChoice.Auto;

    /// <summary>The number of the GPU, as CUDA counts them, from 0.</summary>
    [Range(0, 255)]
    public int CudaDevice { get; init; }

    /// <summary>The bytes of the GPU's memory that each model may take; 0: all of it.</summary>
    [Range(0, 1L << 40)]
    public long CudaMemoryBytes { get; init; }

    /// <summary>
    /// Whether matrix products and convolutions may round their operands to TF32, 10 bits of mantissa: several times faster on GPUs that
    /// have it, and answers that differ from the CPU's in the fourth digit.
    /// </summary>
    public bool CudaTf32 { get; init; } = true;
}
