using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Kernels;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Runtime;

/// <summary>
/// Opens ONNX Runtime sessions. All sessions share one environment and one thread pool with one thread per core. With a pool per session,
/// the idle threads of one session would spin and take cores from another session.
/// </summary>
public static class Sessions
{
    // A switch in the application's runtime configuration: whether idle threads spin between operators. Spinning threads continue sooner,
    // but take cores from other work.
    private const string SpinSwitch = "Fovea.ThreadsSpin";

    // A static constructor, because a field's initializer could run after other code of this class has created the environment.
    static Sessions()
    {
        ProcessMemory.KeepFreed();
        SharesThreads = CreateEnvironment();
        ReturnedMemory.Register(OrtEnv.Instance());
    }

    /// <summary>
    /// Whether all sessions share one thread pool. False if other code in the process created ONNX Runtime's environment first.
    /// </summary>
    public static bool SharesThreads { get; }

    /// <summary>The number of threads on which a network runs, in the shared pool or in the session's own pool.</summary>
    public static int Threads => Environment.ProcessorCount;

    /// <summary>The version of ONNX Runtime.</summary>
    public static string Version => OrtEnv.Instance().GetVersionString();

    /// <summary>The names of the execution providers in this build of ONNX Runtime, such as CPUExecutionProvider.</summary>
    public static IReadOnlyCollection<string> Providers => OrtEnv.Instance().GetAvailableProviders();

    /// <summary>Opens a session on a model file whose content is in memory.</summary>
    /// <param name="path">The path of the file, for messages, and for tensors that the file stores in other files of its folder.</param>
    /// <param name="content">The content of the file.</param>
    /// <param name="device">The device that the network runs on; <c>null</c> for the CPU.</param>
    /// <param name="onOneThread">
    /// Whether a run stays on the calling thread, so that several runs can execute side by side; if false, a run uses all threads of the
    /// pool.
    /// </param>
    /// <exception cref="FoveaException">ONNX Runtime cannot load the file; the message contains the reason.</exception>
    public static InferenceSession Open(string path, byte[] content, Device? device = null, bool onOneThread = false) => Open(
        path,
        options => new InferenceSession(content, options),
        options =>
        {
            UseFolderOf(path, options);
            (device ?? Device.Cpu).AppendTo(options);
        },
        onOneThread);

    /// <summary>
    /// Opens a session on a large model file. The content of the file is never held in memory as a whole, and a run on the CPU can return
    /// its memory to the system.
    /// </summary>
    /// <param name="path">The path of the .onnx file.</param>
    /// <param name="device">The device that the network runs on; <c>null</c> for the CPU.</param>
    /// <exception cref="FoveaException">ONNX Runtime cannot load the file; the message contains the reason.</exception>
    public static InferenceSession OpenLarge(string path, Device? device = null) => Open(
        path,
        options => new InferenceSession(path, options),
        options =>
        {
            ReturnedMemory.Use(options);
            (device ?? Device.Cpu).AppendTo(options);
        });

    /// <summary>
    /// Opens a session on a large model file in a rewritten form. The form refers to the file for the weights that did not change. A run
    /// can return its memory to the system.
    /// </summary>
    /// <param name="path">The path of the .onnx file.</param>
    /// <param name="rewritten">The content of the rewritten form, as <see cref="OnnxFile.Changed"/> returns it.</param>
    /// <exception cref="FoveaException">ONNX Runtime cannot load the form; the message contains the reason.</exception>
    internal static InferenceSession OpenLarge(string path, byte[] rewritten) => Open(
        path,
        options => new InferenceSession(rewritten, options),
        options =>
        {
            ReturnedMemory.Use(options);
            UseFolderOf(path, options);
            CustomOperators.AddTo(options);
        });

    /// <summary>Opens a session on a graph in memory.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="device">The device that the graph runs on; <c>null</c> for the CPU.</param>
    /// <param name="onOneThread">Whether a run stays on the calling thread; if false, a run uses all threads of the pool.</param>
    /// <exception cref="FoveaException">ONNX Runtime cannot load the graph; the message contains the reason.</exception>
    public static InferenceSession Open(Graph graph, Device? device = null, bool onOneThread = false) =>
        Open(graph, (device ?? Device.Cpu).AppendTo, onOneThread);

    /// <summary>
    /// Opens a session that records the time of each node. The session's EndProfiling writes the file and returns its name.
    /// </summary>
    /// <exception cref="FoveaException">ONNX Runtime cannot load the graph; the message contains the reason.</exception>
    public static InferenceSession OpenProfiled(Graph graph, string filePrefix) => Open(graph, options =>
    {
        options.ProfileOutputPathPrefix = filePrefix;
        options.EnableProfiling = true;
    });

    /// <summary>Opens a session on a graph in memory, with additional session options.</summary>
    internal static InferenceSession Open(Graph graph, Action<SessionOptions> configure, bool onOneThread = false) =>
        Open(
            graph.Name,
            options => new InferenceSession(OnnxFile.ToBytes(graph), options),
            options =>
            {
                if (graph.OperatorSets.ContainsKey(CustomOperators.Domain))
                {
                    CustomOperators.AddTo(options);
                }

                configure(options);
            },
            onOneThread);

    /// <summary>The message of an ONNX Runtime error, without the error code, which does not help users.</summary>
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

    // Makes ONNX Runtime look for the tensors that a model stores in other files in the folder of the model.
    private static void UseFolderOf(string path, SessionOptions options) => options.AddSessionConfigEntry(
        "session.model_external_initializers_file_folder_path", Path.GetDirectoryName(Path.GetFullPath(path)));

    // Creates ONNX Runtime's environment with a shared thread pool. If other code in the process created the environment first, it has no
    // such pool, and each session has its own threads. ONNX Runtime does not report which code was first, so a session of one node is
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
