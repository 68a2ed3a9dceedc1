using System.CommandLine;
using Fovea.Models;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training;

/// <summary>Runs a command: 0 when it did its work, 1 with one sentence on standard error when it could not, 130 when it was told to stop.</summary>
internal static class CommandLine
{
    /// <summary>The exit code of a command that was told to stop.</summary>
    public const int Stopped = 130;

    private const int Failed = 1;

    public static async Task<int> RunAsync(RootCommand root, string[] args)
    {
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0 && parsed.Action is not System.CommandLine.Help.HelpAction)
        {
            return Fail($"{string.Join(" ", parsed.Errors.Select(e => e.Message))} --help lists what is expected.");
        }

        try
        {
            // Stopping writes a checkpoint, which may take a while for a large network.
            var running = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromMinutes(2) };
            return await parsed.InvokeAsync(running);
        }
        catch (FoveaException e)
        {
            return Fail(e.Message);
        }
        catch (OperationCanceledException)
        {
            return Stopped;
        }
        catch (OnnxRuntimeException e)
        {
            return Fail($"ONNX Runtime failed: {e.Message}");
        }
    }

    /// <summary>Sets what a command does that may take long. It runs on a thread of its own, so that an interrupt can reach it and be waited for.</summary>
    public static void SetWork(this Command command, Action<ParseResult, CancellationToken> work) => command.SetAction((parsed, stop) => Task.Run(() =>
    {
        work(parsed, stop);
        return 0;
    }));

    private static int Fail(string message)
    {
        Console.Error.WriteLine(message.ReplaceLineEndings(" "));
        return Failed;
    }
}
