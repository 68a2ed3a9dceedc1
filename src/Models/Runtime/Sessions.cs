using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models;

/// <summary>
/// Opens ONNX Runtime sessions. All of them share one environment and one pool of as many threads as there are cores, so that several
/// models, or a gradient and its update, never compete with idle threads that spin.
/// </summary>
public static class Sessions
{
    // A setting of an application's runtime configuration: threads that spin between operators go on sooner, and take processors from others meanwhile.
    private const string SpinSwitch = "Fovea.ThreadsSpin";

    // Not a field's initializer, which could run after something here has asked for the environment.
    static Sessions()
    {
        ProcessMemory.KeepFreed();
        SharesThreads = CreateEnvironment();
        ReturnedMemory.Register(OrtEnv.Instance());
    }

    /// <summary>Whether all sessions share one pool of threads: not where something else in the process had made ONNX Runtime's environment before.</summary>
    public static bool SharesThreads { get; }

    /// <summary>How many threads a network runs on: those of the shared pool, or each session's own.</summary>
    public static int Threads => Environment.ProcessorCount;

    /// <summary>The version of ONNX Runtime.</summary>
    public static string Version => OrtEnv.Instance().GetVersionString();

    /// <summary>The execution providers that this build of ONNX Runtime holds, by its names for them.</summary>
    public static IReadOnlyCollection<string> Providers => OrtEnv.Instance().GetAvailableProviders();

    /// <summary>A session on a model file.</summary>
    /// <param name="path">The .onnx file.</param>
    /// <param name="device">What it runs on; null: the CPU.</param>
    /// <param name="onOneThread">Whether a run stays on the thread that asks for it, so that several go on side by side; otherwise it is spread over the shared pool.</param>
    /// <param name="returnsMemory">Whether what a run takes on the CPU can be given back after it.</param>
    /// <param name="asItIs">Whether the graph is run as it is: it is open in half the time, and runs take about twice theirs.</param>
    /// <exception cref="FoveaException">ONNX Runtime cannot load the file; the message gives its reason.</exception>
    public static InferenceSession Open(string path, Device? device = null, bool onOneThread = false, bool returnsMemory = false, bool asItIs = false) => Open(
        path,
        options => new InferenceSession(path, options),
        options =>
        {
            if (returnsMemory)
            {
                ReturnedMemory.Use(options);
            }

            if (asItIs)
            {
                options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL;
            }

            (device ?? Device.Cpu).AppendTo(options);
        },
        onOneThread);

    /// <summary>A session on a graph in memory.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="device">What it runs on; null: the CPU.</param>
    /// <param name="onOneThread">As for a file.</param>
    /// <exception cref="FoveaException">ONNX Runtime cannot load the graph; the message gives its reason.</exception>
    public static InferenceSession Open(Graph graph, Device? device = null, bool onOneThread = false) => Open(graph, (device ?? Device.Cpu).AppendTo, onOneThread);

    /// <summary>A session that writes down how long each node takes, until its EndProfiling gives the name of the file.</summary>
    /// <exception cref="FoveaException">ONNX Runtime cannot load the graph; the message gives its reason.</exception>
    public static InferenceSession OpenProfiled(Graph graph, string filePrefix) => Open(graph, options =>
    {
        options.ProfileOutputPathPrefix = filePrefix;
        options.EnableProfiling = true;
    });

    /// <summary>A session on a graph in memory, with settings of its own.</summary>
    internal static InferenceSession Open(Graph graph, Action<SessionOptions> configure, bool onOneThread = false) => Open(graph.Name, options => new InferenceSession(OnnxFile.ToBytes(graph), options), configure, onOneThread);

    private static InferenceSession Open(string name, Func<SessionOptions, InferenceSession> open, Action<SessionOptions> configure, bool onOneThread = false)
    {
        using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        if (onOneThread)
        {
            (options.IntraOpNumThreads, options.InterOpNumThreads) = (1, 1);
        }
        else if (SharesThreads)
        {
            options.DisablePerSessionThreads();
        }

        try
        {
            configure(options);
            return open(options);
        }
        catch (OnnxRuntimeException e)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"ONNX Runtime cannot load {name}: {e.Message}", e);
        }
    }

    // The environment can be given threads only by whoever makes it; where something else in the process was first, sessions have their own.
    private static bool CreateEnvironment()
    {
        if (OrtEnv.IsCreated)
        {
            return false;
        }

        using var threads = new OrtThreadingOptions { GlobalIntraOpNumThreads = Environment.ProcessorCount, GlobalInterOpNumThreads = 1, GlobalSpinControl = !AppContext.TryGetSwitch(SpinSwitch, out bool spin) || spin };
        var options = new EnvironmentCreationOptions { logId = "fovea", logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, threadOptions = threads };
        OrtEnv.CreateInstanceWithOptions(ref options);
        return true;
    }
}
