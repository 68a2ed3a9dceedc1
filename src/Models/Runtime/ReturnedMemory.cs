using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Runtime;

/// <summary>
/// An arena that sessions share and that gives memory back after a run, since its regions have the requested size. The regions of ONNX
/// Runtime's usual arena, one for each session, double in size and are never given back one by one.
/// </summary>
internal static class ReturnedMemory
{
    /// <summary>Registers the arena with the environment. Call this once.</summary>
    public static void Register(OrtEnv environment)
    {
        const int SizeAskedFor = 1, Default = -1;
        using var memory = new OrtMemoryInfo(OrtMemoryInfo.allocatorCPU, OrtAllocatorType.ArenaAllocator, 0, OrtMemType.Default);
        using var regions = new OrtArenaCfg(0, SizeAskedFor, Default, Default);
        environment.CreateAndRegisterAllocator(memory, regions);
    }

    /// <summary>
    /// Makes a session that is about to be opened use this arena. From now on the process returns large blocks to the system when it frees
    /// them, which makes loading a model some tenths of a second slower.
    /// </summary>
    public static void Use(SessionOptions options)
    {
        ProcessMemory.ReturnLargeBlocks();
        options.AddSessionConfigEntry("session.use_env_allocators", "1");
    }

    /// <summary>Makes a run give back all unused memory at its end.</summary>
    public static void GiveBackAfter(RunOptions options) => options.AddRunConfigEntry("memory.enable_memory_arena_shrinkage", "cpu:0");
}
