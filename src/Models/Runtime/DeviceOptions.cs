namespace Fovea.Models;

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
    /// <summary>The device. Default auto.</summary>
    public DeviceChoice Device { get; init; } = DeviceChoice.Auto;

    /// <summary>The number of the GPU, as CUDA counts them, from 0. Default 0.</summary>
    public int CudaDevice { get; init; }

    /// <summary>How many bytes of the GPU's memory each model may take; 0, the default, is all of it.</summary>
    public long CudaMemoryBytes { get; init; }

    /// <summary>
    /// Whether matrix products and convolutions may round their operands to TF32, 10 bits of mantissa: several times faster on GPUs that have it, and answers that
    /// differ from the CPU's in the fourth digit. Default true.
    /// </summary>
    public bool CudaTf32 { get; init; } = true;
}
