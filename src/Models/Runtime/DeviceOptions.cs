using System.ComponentModel.DataAnnotations;
namespace Fovea.Models.Runtime;

/// <summary>The user's choice of the device that networks run on.</summary>
public enum DeviceChoice
{
    /// <summary>CUDA if it works, otherwise the CPU. The reason is reported.</summary>
    Auto,

    /// <summary>The CPU, even if the machine has a GPU.</summary>
    Cpu,

    /// <summary>CUDA. If it does not work, an error names the reason.</summary>
    Cuda,
}

/// <summary>The settings of the device that networks run on.</summary>
public sealed record DeviceOptions
{
    /// <summary>
    /// The device that networks run on. If CUDA does not work, <c>cuda</c> is an error that names the missing library, and <c>auto</c> uses
    /// the CPU.
    /// </summary>
    public DeviceChoice Device { get; init; } = DeviceChoice.Auto;

    /// <summary>The number of the GPU in CUDA's numbering, from 0.</summary>
    [Range(0, 255)]
    public int CudaDevice { get; init; }

    /// <summary>The limit of GPU memory for each model, in bytes; 0 for no limit.</summary>
    [Range(0, 1L << 40)]
    public long CudaMemoryBytes { get; init; }

    /// <summary>
    /// Whether matrix products and convolutions may round their operands to TF32, which has 10 bits of mantissa. GPUs with TF32 are then
    /// several times faster, and answers differ from the CPU's in the fourth digit.
    /// </summary>
    public bool CudaTf32 { get; init; } = true;
}
