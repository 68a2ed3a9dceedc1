using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Fovea.Api.Grpc.Messages;
using Google.Protobuf;

namespace Fovea.Benchmarks.Serving;

/// <summary>
/// Compares the Open Inference Protocol over gRPC with the same over REST: LeNet-5, one tensor of raw bytes in, raw bytes out, in turns.
/// Needs h2load (Debian's nghttp2-client), which measures both.
/// </summary>
internal static class GrpcThroughput
{
    private const int Clients = 16, Turns = 20, TurnSeconds = 2, WarmUpSeconds = 30;
    private const string Infer = "/inference.GRPCInferenceService/ModelInfer";

    /// <summary>Measures with one connection for each client, and with all clients on one connection, as a channel has them.</summary>
    public static void Run(BenchmarkModels models)
    {
        int port = ServiceProcess.FreePort();
        using var service = ServiceProcess.StartMeasured(models, "lenet5", $"--Fovea:GrpcPort={port}");
        var rest = Rest(service.Address);
        Load grpc = Grpc(port, connections: Clients), channel = Grpc(port, connections: 1);
        Check(port, File.ReadAllBytes(grpc.Body)).GetAwaiter().GetResult();
        foreach (var load in (Load[])[rest, grpc, channel])
        {
            load.Measure(WarmUpSeconds);
        }

        foreach (var (name, load) in new[] { ("16 connections", grpc), ("one connection", channel) })
        {
            var (rates, others, ratios) = (new List<double>(), new List<double>(), new List<double>());
            for (int i = 0; i < Turns; i++)
            {
                others.Add(rest.Measure(TurnSeconds));
                rates.Add(load.Measure(TurnSeconds));
                ratios.Add(rates[^1] / others[^1]);
            }

            rates.Sort();
            others.Sort();
            ratios.Sort();
            Console.WriteLine(
                $"lenet5, raw tensor of one image, {Clients} in flight, gRPC on {name} beside /v2, {Turns} turns of {TurnSeconds} s, "
                    + $"medians: {rates[Turns / 2]:F0} and {others[Turns / 2]:F0} requests/s; ratio {ratios[Turns / 2]:F3} (half of them "
                    + $"from {ratios[Turns / 4]:F3} to {ratios[3 * Turns / 4]:F3})");
        }

        File.Delete(rest.Body);
        File.Delete(grpc.Body);
    }

    private static Load Rest(Uri address)
    {
        var json = Encoding.UTF8.GetBytes(
            """{"parameters":{"binary_data_output":true},"inputs":[{"name":"input","datatype":"FP32","shape":[1,1,28,28],"""
            + "\"parameters\":{\"binary_data_size\":3136}}]}");
        return new(
            new Uri(address, "/v2/models/lenet5/infer"),
            WriteBody("v2", [.. json, .. Pixels()]),
            ["--h1", "-c", $"{Clients}", "-H", $"Inference-Header-Content-Length: {json.Length}"]);
    }

    private static Load Grpc(int port, int connections)
    {
        var message = new ModelInferRequest
        {
            ModelName = "lenet5",
            Inputs =
            {
                new ModelInferRequest.Types.InferInputTensor { Name = "input", Datatype = "FP32", Shape = { 1, 1, 28, 28 } },
            },
            RawInputContents = { ByteString.CopyFrom(Pixels()) },
        }.ToByteArray();
        var prefix = new byte[5];
        BinaryPrimitives.WriteInt32BigEndian(prefix.AsSpan(1), message.Length);
        return new(
            new Uri($"http://127.0.0.1:{port}{Infer}"),
            WriteBody("grpc", [.. prefix, .. message]),
            ["-c", $"{connections}", "-m", $"{Clients / connections}", "-H", "content-type: application/grpc", "-H", "te: trailers"]);
    }

    // h2load knows only HTTP's status, which is 200 for errors of gRPC too.
    private static async Task Check(int port, byte[] body)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{port}{Infer}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body) { Headers = { { "content-type", "application/grpc" } } },
        };
        using var answer = await client.SendAsync(request);
        await answer.Content.ReadAsByteArrayAsync();
        if (!answer.TrailingHeaders.TryGetValues("grpc-status", out var status) || status.Single() != "0")
        {
            throw new InvalidOperationException($"The answer was no success:\n{answer}");
        }
    }

    private static byte[] Pixels() =>
        MemoryMarshal.AsBytes<float>([.. Enumerable.Range(0, 28 * 28).Select(i => (i * 7919 % 256) / 255f)]).ToArray();

    private static string WriteBody(string name, byte[] bytes)
    {
        var file = Path.Combine(Path.GetTempPath(), $"fovea-{Environment.ProcessId}-{name}");
        File.WriteAllBytes(file, bytes);
        return file;
    }

    private sealed record Load(Uri Address, string Body, string[] Options)
    {
        /// <summary>Requests per second in a closed loop.</summary>
        public double Measure(int seconds)
        {
            var output = ServiceProcess.Run("h2load", ["-t", "1", "-D", $"{seconds}", "-d", Body, .. Options, $"{Address}"]);
            var finished = output.Split('\n').Single(line => line.StartsWith("finished in", StringComparison.Ordinal));
            var statuses = output.Split('\n').Single(line => line.StartsWith("status codes:", StringComparison.Ordinal));
            return statuses.Contains(" 0 4xx, 0 5xx", StringComparison.Ordinal)
                ? double.Parse(finished.Split(", ")[1].Split(' ')[0], CultureInfo.InvariantCulture)
                : throw new InvalidOperationException($"Not every answer was a success:\n{output}");
        }
    }
}
