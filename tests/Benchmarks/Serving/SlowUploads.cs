using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fovea.Benchmarks.Serving;

/// <summary>
/// Measures the effect of slow uploads on other clients: the 99th percentile of requests at a steady rate, first undisturbed, then beside
/// 300 slow connections from one address, then beside 1,000 from ten addresses. It may at most double, and every request must be answered.
/// </summary>
internal static class SlowUploads
{
    private const double PerSecond = 200, Seconds = 10, MostRatio = 2;
    private const int BytesPerSecond = 300;

    private static readonly string[] Targets =
    [
        "/classify/lenet5 HTTP/1.1\r\nContent-Length: 15000",
        "/classify/lenet5 HTTP/1.1\r\nContent-Length: 20000000",
        "/classify/lenet5 HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 90000000",
        "/classify/lenet5 HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked",
        "/v2/models/lenet5/infer HTTP/1.1\r\nContent-Length: 50000000",
    ];

    public static async Task<int> Run(int rounds)
    {
        using var service = ServiceProcess.StartMeasured(new BenchmarkModels(), "lenet5");
        var digit = await File.ReadAllBytesAsync(BenchmarkModels.Digit);
        await OpenLoop.Run(service, "/classify/lenet5", digit, PerSecond, Seconds);
        bool within = true;
        foreach (var (connections, addresses) in ((int, int)[])[(300, 1), (1_000, 10)])
        {
            var (quiet, disturbed) = (new List<double>(), new List<double>());
            var statuses = new List<string>();
            for (int round = 0; round < rounds; round++)
            {
                quiet.Add((await OpenLoop.Run(service, "/classify/lenet5", digit, PerSecond, Seconds)).Percentile(0.99));
                using var stop = new CancellationTokenSource();
                var slow = Enumerable.Range(0, connections).Select(i => Upload(service.Address, i, addresses, stop.Token)).ToArray();
                await Task.Delay(TimeSpan.FromSeconds(2));
                var outcome = await OpenLoop.Run(service, "/classify/lenet5", digit, PerSecond, Seconds);
                disturbed.Add(outcome.Percentile(0.99));
                statuses.Add(outcome.Statuses);
                await stop.CancelAsync();
                await Task.WhenAll(slow);
            }

            double ratio = Median(disturbed) / Median(quiet);
            within &= ratio <= MostRatio && statuses.All(AllAnswered);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"lenet5, {PerSecond} requests/s, {rounds} rounds: p99 {Show(quiet)} ms undisturbed, {Show(disturbed)} ms beside "
                + $"{connections} uploads of {BytesPerSecond} B/s from {addresses} addresses; ratio of the medians {ratio:F2}; answers "
                + $"{string.Join(" | ", statuses)}; resident {service.Resident >> 20} MiB"));
        }

        return within ? 0 : 1;
    }

    // One slow client. When the service refuses it, it tries again.
    private static async Task Upload(Uri service, int number, int addresses, CancellationToken stop)
    {
        var head = Encoding.ASCII.GetBytes($"POST {Targets[number % Targets.Length]}\r\nHost: localhost\r\n\r\n");
        bool isChunked = Targets[number % Targets.Length].Contains("chunked", StringComparison.Ordinal);
        var (before, after) = isChunked ? ($"{BytesPerSecond / 2:x}\r\n", "\r\n") : ("", "");
        byte[] piece = [.. Encoding.ASCII.GetBytes(before), .. new byte[BytesPerSecond / 2], .. Encoding.ASCII.GetBytes(after)];
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.LingerState = new(enable: true, seconds: 0);
                socket.Bind(new IPEndPoint(IPAddress.Parse($"127.0.0.{1 + (number % addresses)}"), 0));
                await socket.ConnectAsync(service.Host, service.Port, stop);
                await socket.SendAsync(head, stop);
                while (socket.Available == 0)
                {
                    await socket.SendAsync(piece, stop);
                    await Task.Delay(TimeSpan.FromSeconds(0.5), stop);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // The end of the round, or a refusal.
            }
        }
    }

    private static bool AllAnswered(string statuses) =>
        statuses.StartsWith("200:", StringComparison.Ordinal) && !statuses.Contains(',', StringComparison.Ordinal);

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static string Show(List<double> values) =>
        string.Join(", ", values.Select(value => value.ToString("F1", CultureInfo.InvariantCulture)));
}
