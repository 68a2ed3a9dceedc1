using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Runtime;

/// <summary>
/// Opens ONNX Runtime sessions. All of them share one environment and one pool of as many threads as there are cores, so that several
/// models, or a gradient and its update, never compete with idle threads that spin.
/// </summary>
public static class Sessions
{
    // A setting of an application's runtime configuration: threads that spin between operators go on sooner, and take processors from
    // others meanwhile.
    private const string SpinSwitch = "Fovea.ThreadsSpin";

    // Not a field's initializer, which could run after something here has asked for the environment.
    static Sessions()
    {
        ProcessMemory.KeepFreed();
        SharesThreads = CreateEnvironment();
        ReturnedMemory.Register(OrtEnv.Instance());
    }

    /// <summary>
    /// Whether all sessions share one pool of threads: not where something else in the process had made ONNX Runtime's environment before.
    /// </summary>
    public static bool SharesThreads { get; }

    /// <summary>How many threads a network runs on: those of the shared pool, or each session's own.</summary>
    public static int Threads => Environment.ProcessorCount;

    /// <summary>The version of ONNX Runtime.</summary>
    public static string Version => OrtEnv.Instance().GetVersionString();

    /// <summary>The execution providers that this build of ONNX Runtime holds, by its names for them.</summary>
    public static IReadOnlyCollection<string> Providers => OrtEnv.Instance().GetAvailableProviders();

    /// <summary>A session on a model file that is in memory.</summary>
    /// <param name="path">
    /// Where the file lies. Tensors that the file keeps in other files are looked up beside it; messages name it.
    /// </param>
    /// <param name="content">Its content.</param>
    /// <param name="device">What it runs on; null: the CPU.</param>
    /// <param name="onOneThread">
    /// Whether a run stays on the calling thread, so that several go on side by side; otherwise it is spread over the shared pool.
    /// </param>
    /// <exception cref="FoveaException">ONNX Runtime cannot load the file; the message gives its reason.</exception>
    public static InferenceSession Open(string path, byte[] content, Device? device = null, bool onOneThread = false) => Open(
        path,
        options => new InferenceSession(content, options),
        options =>
        {
            options.AddSessionConfigEntry(
                "session.model_external_initializers_file_folder_path", Path.GetDirectoryName(Path.GetFullPath(path)));
            (device ?? Device.Cpu).AppendTo(options);
        },
        onOneThread);

    /// <summary>
    /// A session on a large model file. The file is never held in memory as a whole, and a run can give its memory back on the CPU.
    /// </summary>
    /// <param name="path">The .onnx file.</param>
    /// <param name="device">What it runs on; null: the CPU.</param>
    /// <exception cref="FoveaException">ONNX Runtime cannot load the file; the message gives its reason.</exception>
    public static InferenceSession OpenLarge(string path, Device? device = null) => Open(
        path,
        options => new InferenceSession(path, options),
        options =>
        {
            ReturnedMemory.Use(options);
            (device ?? Device.Cpu).AppendTo(options);
        });

    /// <summary>A session on a graph in memory.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="device">What it runs on; null: the CPU.</param>
    /// <param name="onOneThread">As for a file.</param>
    /// <exception cref="FoveaException">ONNX Runtime cannot load the graph; the message gives its reason.</exception>
    public static InferenceSession Open(Graph graph, Device? device = null, bool onOneThread = false) =>
        Open(graph, (device ?? Device.Cpu).AppendTo, onOneThread);

    /// <summary>A session that writes down how long each node takes, until its EndProfiling gives the name of the file.</summary>
    /// <exception cref="FoveaException">ONNX Runtime cannot load the graph; the message gives its reason.</exception>
    public static InferenceSession OpenProfiled(Graph graph, string filePrefix) => Open(graph, options =>
    {
        options.ProfileOutputPathPrefix = filePrefix;
        options.EnableProfiling = true;
    });

    /// <summary>A session on a graph in memory, with settings of its own.</summary>
    internal static InferenceSession Open(Graph graph, Action<SessionOptions> configure, bool onOneThread = false) =>
        Open(graph.Name, options => new InferenceSession(OnnxFile.ToBytes(graph), options), configure, onOneThread);

    /// <summary>The message of an error of ONNX Runtime, without its error code, which tells users nothing.</summary>
    internal static string ReasonOf(OnnxRuntimeException error)
    {
        const string Code = "[ErrorCode:";
        int end = error.Message.IndexOf(']', StringComparison.Ordinal);
        return error.Message.StartsWith(Code, StringComparison.Ordinal) && end > 0 ? error.Message[(end + 1)..].Trim() : error.Message;
    }

    private static InferenceSession Open(
        string name, Func<SessionOptions, InferenceSession> open, Action<SessionOptions> configure, bool onOneThread = false)
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
            throw new FoveaException(ErrorCode.BadModelFile, $"ONNX Runtime cannot load {name}: {ReasonOf(e)}", e);
        }
    }

    // Only the code that creates the environment can give it threads. If other code in the process has created it, or creates it at this
    // moment, each session has threads of its own. ONNX Runtime does not say which of the two came first, so a session of one node is
    // tried.
    private static bool CreateEnvironment()
    {
        if (OrtEnv.IsCreated)
        {
            return false;
        }

        using var threads = new OrtThreadingOptions
        {
            GlobalIntraOpNumThreads = Environment.ProcessorCount,
            GlobalInterOpNumThreads = 1,
            GlobalSpinControl = !AppContext.TryGetSwitch(SpinSwitch, out bool spin) || spin,
        };
        var options = new EnvironmentCreationOptions
        {
            logId = "fovea",
            logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
            threadOptions = threads,
        };
        try
        {
            OrtEnv.CreateInstanceWithOptions(ref options);
            using var session = new SessionOptions();
            session.DisablePerSessionThreads();
            new InferenceSession(OnnxFile.ToBytes(OneNode()), session).Dispose();
            return true;
        }
        catch (OnnxRuntimeException)
        {
            return false;
        }
    }

    private static Graph OneNode()
    {
        var graph = new Graph("threads");
        graph.Output(graph.Relu(graph.Input("x", ElementType.Float, new Shape(1))));
        return graph;
    }
}
