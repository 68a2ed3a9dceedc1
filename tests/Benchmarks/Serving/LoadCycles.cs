namespace Fovea.Benchmarks.Serving;

/// <summary>
/// Unloads and loads a model many times, with one answer from each load. Memory that a version does not free would add up.
/// </summary>
internal static class LoadCycles
{
    public static async Task<int> Run(int cycles)
    {
        const string Model = "lenet5";
        var models = new BenchmarkModels();
        using var service = ServiceProcess.StartMeasured(models, Model, "--Fovea:ApiKeys:0=key");
        service.Client.DefaultRequestHeaders.Authorization = new("Bearer", "key");
        var body = await File.ReadAllBytesAsync(BenchmarkModels.Digit);
        var memory = new ResidentMemory(service);
        for (int i = 0; i < cycles; i++)
        {
            foreach (var act in new[] { "unload", "load" })
            {
                using var done = await service.Client.PostAsync($"/models/{Model}/{act}", null);
                done.EnsureSuccessStatusCode();
            }

            using var answer = await service.Client.PostAsync($"/classify/{Model}", new ByteArrayContent(body));
            answer.EnsureSuccessStatusCode();
            memory.Read();
        }

        Console.WriteLine($"{Model}, published, {cycles} times unloaded and loaded: {memory}");
        return 0;
    }
}
