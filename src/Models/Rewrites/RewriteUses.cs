namespace Fovea.Models.Rewrites;

/// <summary>For what a rewrite is used, and on which device.</summary>
[Flags]
internal enum RewriteUses
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Inference on CPUs, where the batch size may be free.</summary>
    ServingOnCpu = 1,

    /// <summary>Training steps on CPUs, where all shapes are known.</summary>
    TrainingOnCpu = 2,

    /// <summary>Training steps on CUDA.</summary>
    TrainingOnCuda = 4,
}
