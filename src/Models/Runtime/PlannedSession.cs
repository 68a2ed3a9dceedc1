using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models;

/// <summary>
/// A session on a graph that has much in memory at once and is run many times with the same shapes, as a training graph is. After the first run the
/// runtime knows what is needed when, and lays out all of it in one piece, in which the next runs are faster. What the first run took is given back
/// before, or both would be held together.
/// </summary>
public sealed class PlannedSession : IDisposable
{
    private readonly InferenceSession session;
    private readonly RunOptions first = new(), others = new();
    private bool ran;

    /// <summary>Opens a session.</summary>
    /// <param name="graph">The graph, all of its shapes fixed.</param>
    /// <param name="device">What it runs on; null: the CPU.</param>
    /// <exception cref="FoveaException">ONNX Runtime cannot load the graph; the message gives its reason.</exception>
    public PlannedSession(Graph graph, Device? device = null)
    {
        first.AddRunConfigEntry("memory.enable_memory_arena_shrinkage", "cpu:0");
        session = Sessions.Open(graph, options =>
        {
            options.AddSessionConfigEntry("session.use_env_allocators", "1");
            (device ?? Device.Cpu).AppendTo(options);
        });
    }

    /// <summary>Bindings of the graph's inputs and outputs, empty at first; the caller's to dispose.</summary>
    public OrtIoBinding CreateBinding() => session.CreateIoBinding();

    /// <summary>Runs the graph on what is bound.</summary>
    /// <exception cref="OnnxRuntimeException">An input is not bound, or of another shape than the graph's.</exception>
    public void Run(OrtIoBinding binding)
    {
        session.RunWithBinding(ran ? others : first, binding);
        ran = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        session.Dispose();
        first.Dispose();
        others.Dispose();
    }

    /// <summary>
    /// Gives the environment the memory that planned sessions share. Its regions are of the size asked for: the runtime's usual ones, which double, cannot be given
    /// back one by one, and a plan may lie in another of them each time.
    /// </summary>
    internal static void RegisterMemory(OrtEnv environment)
    {
        const int SizeAskedFor = 1, Default = -1;
        using var memory = new OrtMemoryInfo(OrtMemoryInfo.allocatorCPU, OrtAllocatorType.ArenaAllocator, 0, OrtMemType.Default);
        using var regions = new OrtArenaCfg(0, SizeAskedFor, Default, Default);
        environment.CreateAndRegisterAllocator(memory, regions);
    }
}
