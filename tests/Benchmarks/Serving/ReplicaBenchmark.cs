using System.Globalization;

namespace Fovea.Benchmarks.Serving;

/// <summary>
/// The images per second of replicas that have a processor each, behind nginx, and of one replica with two processors by the number of
/// requests in flight. The clients (wrk) and nginx share the processors with the replicas. It needs Linux with two processors.
/// </summary>
internal static class ReplicaBenchmark
{
    /// <summary>Measures, and prints a line for each.</summary>
    /// <param name="name">A network of the catalog.</param>
    /// <param name="seconds">The seconds of each measurement.</param>
    public static int Run(string name, int seconds)
    {
        var models = new BenchmarkModels();
        Console.WriteLine($"{name}, a JPEG of 640 x 480 pixels, {seconds} s each");
        Console.WriteLine("replicas  processors  in flight  images/s  mean ms  MiB a replica");
        Measure(models, name, seconds, ["0"], [1, 8]);
        Measure(models, name, seconds, ["0", "1"], [2, 16]);
        Measure(models, name, seconds, ["0,1"], [1, 2, 3, 4, 6, 8, 16]);
        return 0;
    }

    private static void Measure(BenchmarkModels models, string name, int seconds, string[] processors, int[] inFlight)
    {
        var image = models.Picture(640, 480, "jpg");
        var path = $"/classify/{name}";
        ServiceProcess[] replicas = [.. processors.Select(own => Start(models, name, own))];
        try
        {
            foreach (var replica in replicas)
            {
                replica.FirstAnswer(path, File.ReadAllBytes(image));
                WaitUntilMeasured(replica);
            }

            using var balancer = new Balancer(replicas);
            var address = new Uri(balancer.Address, path);
            ServiceProcess.Wrk(address, image, inFlight.Max(), 2);
            foreach (int clients in inFlight)
            {
                double rate = ServiceProcess.Wrk(address, image, clients, seconds);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{replicas.Length,8}  {string.Join(" and ", processors),10}  {clients,9}  {rate,8:F1}  {1000 * clients / rate,7:F0}  "
                        + $"{replicas.Average(replica => replica.Resident) / 1048576,13:F0}"));
            }
        }
        finally
        {
            Array.ForEach(replicas, replica => replica.Dispose());
        }
    }

    // Each set of processors has a data folder of its own, so that measured batch sizes are those of this set.
    private static ServiceProcess Start(BenchmarkModels models, string name, string processors) => ServiceProcess.StartPinned(
        processors, $"--Fovea:ModelRepository={models.Repository(name)}", $"--Fovea:Data={models.Data}-pinned-{processors}");

    private static void WaitUntilMeasured(ServiceProcess service)
    {
        for (int i = 0; i < 1200 && !service.Log.Contains(" runs in batches of", StringComparison.Ordinal); i++)
        {
            Thread.Sleep(100);
        }
    }
}
