namespace Fovea.Models.Rewrites;

/// <summary>The purposes and devices for which a rewrite is used.</summary>
[Flags]
internal enum RewriteUses
{
    /// <summary>No purpose.</summary>
    None = 0,

    /// <summary>Inference on CPUs, where the batch size may be free.</summary>
    ServingOnCpu = 1,

    /// <summary>Training steps on CPUs, where all shapes are known.</summary>
    TrainingOnCpu = 2,

    /// <summary>Training steps on CUDA.</summary>
    TrainingOnCuda = 4,
}
