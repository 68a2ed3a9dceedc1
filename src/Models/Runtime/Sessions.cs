using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models;

/// <summary>
/// Opens ONNX Runtime sessions. All of them share one environment and one pool of as many threads as there are cores, so that several
/// models, or a gradient and its update, never compete with idle threads that spin.
/// </summary>
public static class Sessions
{
    private static readonly bool SharesThreads = CreateEnvironment();

    /// <summary>A session on a model file.</summary>
    /// <exception cref="FoveaException">ONNX Runtime cannot load the file; the message gives its reason.</exception>
    public static InferenceSession Open(string path) => Open(path, options => new InferenceSession(path, options));

    /// <summary>A session on a graph in memory.</summary>
    /// <exception cref="FoveaException">ONNX Runtime cannot load the graph; the message gives its reason.</exception>
    public static InferenceSession Open(Graph graph) => Open(graph.Name, options => new InferenceSession(OnnxFile.ToBytes(graph), options));

    /// <summary>A session that writes down how long each node takes, until its EndProfiling gives the name of the file.</summary>
    /// <exception cref="FoveaException">ONNX Runtime cannot load the graph; the message gives its reason.</exception>
    public static InferenceSession OpenProfiled(Graph graph, string filePrefix) => Open(graph.Name, options =>
    {
        options.ProfileOutputPathPrefix = filePrefix;
        options.EnableProfiling = true;
        return new InferenceSession(OnnxFile.ToBytes(graph), options);
    });

    private static InferenceSession Open(string name, Func<SessionOptions, InferenceSession> open)
    {
        using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        if (SharesThreads)
        {
            options.DisablePerSessionThreads();
        }

        try
        {
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

        using var threads = new OrtThreadingOptions { GlobalIntraOpNumThreads = Environment.ProcessorCount, GlobalInterOpNumThreads = 1 };
        var options = new EnvironmentCreationOptions { logId = "fovea", logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, threadOptions = threads };
        OrtEnv.CreateInstanceWithOptions(ref options);
        return true;
    }
}
