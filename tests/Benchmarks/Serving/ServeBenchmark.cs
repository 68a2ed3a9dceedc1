using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Fovea.Benchmarks.Serving;

/// <summary>
/// Compares the service with the bare runtime. The two take turns, so that changes of the machine's speed affect both. Each line is an
/// independent result; the parts are selected by name. The benchmarks need wrk, for gRPC h2load, and for node-12mp Node
/// with npm.
/// </summary>
internal static class ServeBenchmark
{
    private const int Pairs = 3;

    // This part runs only if it is named, since it installs packages from npm.
    private const string Node = "node-12mp";

    private static readonly BenchmarkModels Models = new();

    private static readonly Dictionary<string, Action> Parts = new()
    {
        ["resnet34"] = () => Throughput("resnet34", 640, 480, clients: 8, 1, 4, 8),
        ["resnet34-12mp"] = () => Throughput("resnet34", 4000, 3000, clients: 8, 1, 4, 8),
        [Node] = () => NodeComparison.Run(Models, "resnet34", Seconds),
        ["vgg16"] = () => Throughput("vgg16", 640, 480, clients: 8, 1, 4, 8),
        ["alexnet"] = () => Throughput("alexnet", 640, 480, clients: 32, 8, 16, 32),
        ["lenet5"] = LeNet5,
        ["grpc"] = () => GrpcThroughput.Run(Models),
        ["metrics"] = () => MetricsCost.Run(Models).GetAwaiter().GetResult(),
        ["idle"] = Idle,
        ["start"] = Start,
        ["memory"] = Memory,
        ["cycles"] = () => LoadCycles.Run(2_000).GetAwaiter().GetResult(),
        ["open-loop"] = () => OpenLoopLatency("resnet34").GetAwaiter().GetResult(),
        ["overload"] = () => Overload("resnet34", seconds: 60).GetAwaiter().GetResult(),
    };

    // The length of a turn.
    private static int Seconds { get; set; } = 20;

    // At a few requests per second, .NET needs 40 s to compile the hot path with full optimization.
    private static int WarmUpSeconds => 2 * Seconds;

    /// <summary>
    /// Runs the named parts; all parts but the comparison with Node if none is named. They may follow <c>--seconds N</c>, the length of a
    /// turn. The name of an .onnx file, with model.json's content beside it in a .json file of the same name, measures this file.
    /// </summary>
    public static int Run(string[] names)
    {
        // Numbers are printed in the same way on every machine. The culture also holds in the tasks that the parts start.
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        if (names is ["--seconds", var length, ..])
        {
            (Seconds, names) = (int.Parse(length, null), names[2..]);
        }

        foreach (var name in names.Length == 0 ? Parts.Keys.Where(part => part != Node) : names)
        {
            if (!Parts.TryGetValue(name, out var part) && !OfFile(name, out part))
            {
                Console.Error.WriteLine(
                    $"There is no part {name}; expected some of {string.Join(", ", Parts.Keys)}, .onnx files, or nothing for all.");
                return 1;
            }

            part();
        }

        return 0;
    }

    private static bool OfFile(string path, [NotNullWhen(true)] out Action? part)
    {
        part = path.EndsWith(".onnx", StringComparison.Ordinal) && File.Exists(path)
            ? () => Throughput(Models.Add(path), 640, 480, clients: 8, 1, 4, 8)
            : null;
        return part is not null;
    }

    private static void Throughput(string model, int width, int height, int clients, params int[] batches)
    {
        var picture = Models.Picture(width, height, "jpg");
        using var service = ServiceProcess.StartMeasured(Models, model);
        service.Wrk($"/classify/{model}", picture, clients, WarmUpSeconds);
        var ratios = new List<double>();
        for (int i = 0; i < Pairs; i++)
        {
            double served = service.Wrk($"/classify/{model}", picture, clients, Seconds);
            double bare = BareRuntime.Best(Models.ModelFile(model), Seconds / 3.0, batches);
            ratios.Add(served / bare);
            Print(
                $"{model}, {width}x{height} JPEG, {clients} clients: {served:F1} images/s; bare runtime, best of batches "
                    + $"{string.Join(", ", batches)}: {bare:F1}; ratio {served / bare:F2}");
        }

        PrintMedian(model, ratios);
    }

    // Many short turns, since the machine is faster in some seconds and slower in others.
    private static void LeNet5()
    {
        const int Turns = 40, TurnSeconds = 2;
        const string Path = "/classify/lenet5";
        using var service = ServiceProcess.StartMeasured(Models, "lenet5");
        using var constant = ServiceProcess.StartConstant();
        service.Wrk(Path, BenchmarkModels.Digit, clients: 16, WarmUpSeconds);
        constant.Wrk(Path, BenchmarkModels.Digit, clients: 16, WarmUpSeconds / 2);
        var (rates, constants, ratios) = (new List<double>(), new List<double>(), new List<double>());
        for (int i = 0; i < Turns; i++)
        {
            rates.Add(service.Wrk(Path, BenchmarkModels.Digit, clients: 16, TurnSeconds));
            constants.Add(constant.Wrk(Path, BenchmarkModels.Digit, clients: 16, TurnSeconds));
            ratios.Add(rates[^1] / constants[^1]);
        }

        Print(
            $"lenet5, 28x28 PNG, 16 clients, beside an endpoint that reads the body and returns a constant, {Turns} turns of "
                + $"{TurnSeconds} s, medians: {Median(rates):F0} and {Median(constants):F0} requests/s; ratio {Median(ratios):F3} (half "
                + $"of them from {ratios[Turns / 4]:F3} to {ratios[3 * Turns / 4]:F3})");
    }

    private static void Idle()
    {
        (string, string, int)[] runs = [("lenet5", BenchmarkModels.Digit, 10), ("resnet34", Models.Picture(640, 480, "jpg"), 50)];
        foreach (var (model, picture, pause) in runs)
        {
            var path = $"/classify/{model}";
            var body = File.ReadAllBytes(picture);
            using var service = ServiceProcess.StartMeasured(Models, model);
            service.Wrk(path, picture, clients: 1, Seconds);
            double served = LoneClient.Median(service.Address, path, body, requests: 100, TimeSpan.FromMilliseconds(pause));
            var (_, bare) = BareRuntime.Measure(Models.ModelFile(model), 1, 2);
            Print(
                $"{model}, one client, {pause} ms idle before each request: median {served:F3} ms; bare run {bare:F3} ms; over it "
                    + $"{served - bare:F3} ms");
        }
    }

    private static void Start()
    {
        const int Times = 5;
        foreach (var (model, picture) in new[] { ("lenet5", BenchmarkModels.Digit), ("resnet34", Models.Picture(640, 480, "jpg")) })
        {
            var body = File.ReadAllBytes(picture);
            Models.Repository(model);
            var seconds = new List<double>();
            for (int i = 0; i < Times; i++)
            {
                using var service = ServiceProcess.Start(Models, model);
                seconds.Add(service.FirstAnswer($"/classify/{model}", body).TotalSeconds);
            }

            seconds.Sort();
            Print(
                $"{model}, published, from the start of the process to the first answer: {seconds[Times / 2]:F2} s (from "
                    + $"{seconds[0]:F2} to {seconds[^1]:F2})");
        }
    }

    private static void Memory()
    {
        const string Model = "vgg16";
        var body = File.ReadAllBytes(Models.Picture(640, 480, "jpg"));
        long weights = new FileInfo(Models.ModelFile(Model)).Length;
        using var service = ServiceProcess.StartMeasured(Models, Model);
        OpenLoop.Run(service, $"/classify/{Model}", body, perSecond: 3, seconds: 5).GetAwaiter().GetResult();
        Print(
            $"{Model}: {service.Resident >> 20} MiB resident; its weights {weights >> 20} MiB; over them "
                + $"{(service.Resident - weights) >> 20} MiB");
    }

    private static async Task OpenLoopLatency(string model)
    {
        const int Rounds = 5;
        const double Load = 0.7;
        var picture = Models.Picture(640, 480, "jpg");
        var body = await File.ReadAllBytesAsync(picture);
        using var service = ServiceProcess.StartMeasured(Models, model);
        service.Wrk($"/classify/{model}", picture, clients: 8, WarmUpSeconds);
        double capacity = service.Wrk($"/classify/{model}", picture, clients: 8, Seconds);

        // The client's code is compiled on the same processors too, so it needs a warm-up as well.
        await OpenLoop.Run(service, $"/classify/{model}", body, Load * capacity, WarmUpSeconds);
        var idle = await OpenLoop.Run(service, $"/classify/{model}", body, perSecond: 2, seconds: 15);
        double usual = idle.Percentile(0.5);
        var (bareUsual, _) = BareRuntime.OpenLoop(Models.ModelFile(model), perSecond: 2, seconds: 15);
        var (ratios, bareRatios) = (new List<double>(), new List<double>());
        for (int i = 0; i < Rounds; i++)
        {
            var even = await OpenLoop.Run(service, $"/classify/{model}", body, Load * capacity, Seconds);
            var (bareMedian, bareHigh) = BareRuntime.OpenLoop(Models.ModelFile(model), Load * capacity, Seconds);
            ratios.Add(even.Percentile(0.99) / usual);
            bareRatios.Add(bareHigh / bareUsual);
            Print(
                $"{model}, {100 * Load:F0} % of {capacity:F1} images/s, evenly spaced: median {even.Percentile(0.5):F0} ms, p99 "
                    + $"{even.Percentile(0.99):F0} ms; idle median {usual:F0} ms; p99 over idle {ratios[^1]:F2}; bare runtime at the "
                    + $"same rate: median {bareMedian:F0} ms, p99 {bareHigh:F0} ms, idle {bareUsual:F0} ms; p99 over idle "
                    + $"{bareRatios[^1]:F2}");
        }

        PrintMedian("p99 over idle", ratios);
        PrintMedian("bare runtime, p99 over idle", bareRatios);
        var poisson = await OpenLoop.Run(service, $"/classify/{model}", body, Load * capacity, Seconds, poisson: true);
        Print($"{model}, the same as a Poisson process: median {poisson.Percentile(0.5):F0} ms, p99 {poisson.Percentile(0.99):F0} ms");
    }

    private static async Task Overload(string model, double seconds)
    {
        var picture = Models.Picture(640, 480, "jpg");
        var body = await File.ReadAllBytesAsync(picture);
        using var service = ServiceProcess.StartMeasured(Models, model, "--Fovea:MaxQueue=64");
        double capacity = service.Wrk($"/classify/{model}", picture, clients: 8, Seconds);
        await OpenLoop.Run(service, $"/classify/{model}", body, 10 * capacity, seconds / 6);
        long before = service.Resident;
        var outcome = await OpenLoop.Run(service, $"/classify/{model}", body, 10 * capacity, seconds);
        Print(
            $"{model}, ten times {capacity:F1} images/s for {seconds} s: {outcome.Statuses}; p99 of the accepted "
                + $"{outcome.Percentile(0.99):F0} ms, 64 places are {64000 / capacity:F0} ms, and the refused were told to come again "
                + $"after {outcome.RetryAfter} s; resident {before >> 20} MiB, then {service.Resident >> 20} MiB");
    }

    private static void PrintMedian(string what, List<double> ratios) =>
        Print($"{what}: median ratio {Median(ratios):F2} (from {ratios[0]:F2} to {ratios[^1]:F2})");

    // Sorts the list as a side effect.
    private static double Median(List<double> figures)
    {
        figures.Sort();
        return figures[figures.Count / 2];
    }

    private static void Print(string line) => Console.WriteLine(line);
}
