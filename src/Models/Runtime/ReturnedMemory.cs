using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Runtime;

/// <summary>
/// A memory arena that sessions share and that returns memory to the system after a run, because each of its regions has the requested
/// size. ONNX Runtime's default arena, one per session, doubles the size of its regions and never frees a single region.
/// </summary>
internal static class ReturnedMemory
{
    /// <summary>Registers the arena with ONNX Runtime's environment. Call this once.</summary>
    public static void Register(OrtEnv environment)
    {
        const int SizeAskedFor = 1, Default = -1;
        using var memory = new OrtMemoryInfo(OrtMemoryInfo.allocatorCPU, OrtAllocatorType.ArenaAllocator, 0, OrtMemType.Default);
        using var regions = new OrtArenaCfg(0, SizeAskedFor, Default, Default);
        environment.CreateAndRegisterAllocator(memory, regions);
    }

    /// <summary>
    /// Makes a session that is opened with these options use this arena. From now on, the process returns large blocks to the system when
    /// it frees them, which makes loading a model some tenths of a second slower.
    /// </summary>
    public static void Use(SessionOptions options)
    {
        ProcessMemory.ReturnLargeBlocks();
        options.AddSessionConfigEntry("session.use_env_allocators", "1");
    }

    /// <summary>Makes runs with these options return all unused memory of the arena at their end.</summary>
    public static void GiveBackAfter(RunOptions options) => options.AddRunConfigEntry("memory.enable_memory_arena_shrinkage", "cpu:0");
}
