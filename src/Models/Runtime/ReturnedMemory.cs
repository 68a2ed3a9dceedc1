using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models;

/// <summary>
/// Memory that sessions share and that can be given back after a run: its regions are of the size asked for. The runtime's usual ones, a session's own, double
/// and cannot be given back one by one.
/// </summary>
internal static class ReturnedMemory
{
    /// <summary>Gives it to the environment, once.</summary>
    public static void Register(OrtEnv environment)
    {
        const int SizeAskedFor = 1, Default = -1;
        using var memory = new OrtMemoryInfo(OrtMemoryInfo.allocatorCPU, OrtAllocatorType.ArenaAllocator, 0, OrtMemType.Default);
        using var regions = new OrtArenaCfg(0, SizeAskedFor, Default, Default);
        environment.CreateAndRegisterAllocator(memory, regions);
    }

    /// <summary>Lets a session that is to be opened take its memory from here. From now on the process gives large blocks back as it frees them, which makes loading a model some tenths of a second slower.</summary>
    public static void Use(SessionOptions options)
    {
        ProcessMemory.ReturnLargeBlocks();
        options.AddSessionConfigEntry("session.use_env_allocators", "1");
    }

    /// <summary>Lets a run give back, at its end, all that nobody uses.</summary>
    public static void GiveBackAfter(RunOptions options) => options.AddRunConfigEntry("memory.enable_memory_arena_shrinkage", "cpu:0");
}
