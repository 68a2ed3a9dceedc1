using BenchmarkDotNet.Running;
using Fovea.Benchmarks;

// dotnet run -c Release --project tests/Benchmarks -- torch NAME|all [BATCH [PAIRS]]   our training step beside PyTorch's, in turn
// dotnet run -c Release --project tests/Benchmarks -- profile NAME [BATCH]             where a training step's time goes
// dotnet run -c Release --project tests/Benchmarks -- --filter '*'                     by BenchmarkDotNet
switch (args)
{
    case ["torch", var name, .. { Length: <= 2 } numbers]:
        return TorchComparison.Run(name, Number(numbers, 0), Number(numbers, 1) ?? 3);
    case ["profile", var name, .. { Length: <= 1 } numbers]:
        return StepProfile.Run(name, Number(numbers, 0));
    default:
        BenchmarkSwitcher.FromAssembly(typeof(TorchComparison).Assembly).Run(args);
        return 0;
}

static int? Number(string[] numbers, int place) => place < numbers.Length ? int.Parse(numbers[place], null) : null;
